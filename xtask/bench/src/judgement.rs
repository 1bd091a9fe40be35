//! Targets: what a figure should be at most, and whether it is.

use std::fmt;

use serde::Serialize;

/// One target beside what was measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Judgement {
    what: String,
    measured: f64,
    limit: f64,
    /// Where we want to be; the limit is what we promise.
    #[serde(skip_serializing_if = "Option::is_none")]
    goal: Option<f64>,
    met: bool,
}

impl Judgement {
    pub(crate) fn at_most(what: impl Into<String>, measured: f64, limit: f64) -> Self {
        Self { what: what.into(), measured, limit, goal: None, met: measured <= limit }
    }

    pub(crate) fn with_goal(self, goal: f64) -> Self {
        Self { goal: Some(goal), ..self }
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.met { "met" } else { "MISSED" };
        let Self { what, measured, limit, .. } = self;
        write!(f, "  {verdict:<6}  {what}: {measured:.2} (at most {limit:.2}")?;
        match self.goal {
            Some(goal) => write!(f, ", goal {goal:.2})"),
            None => write!(f, ")"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_up_to_its_limit_whatever_the_goal() {
        let met = Judgement::at_most("a", 3.0, 3.0).with_goal(2.5);
        assert_eq!(met.to_string(), "  met     a: 3.00 (at most 3.00, goal 2.50)");
        let missed = Judgement::at_most("a", 3.01, 3.0);
        assert_eq!(missed.to_string(), "  MISSED  a: 3.01 (at most 3.00)");
    }
}
