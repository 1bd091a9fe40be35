//! The MCP servers and the policy, as their files say. Nothing is started: `policy check` asks the servers.

use super::finding::Findings;
use crate::data_dir::DataDir;
use crate::inspection;
use crate::settings::McpSettings;

pub(super) fn check(settings: &McpSettings, data_dir: &DataDir, findings: &mut Findings) {
    check_policy(settings, findings);
    check_servers(settings, data_dir, findings);
}

fn check_policy(settings: &McpSettings, findings: &mut Findings) {
    match inspection::policy(settings) {
        Ok(policy) => {
            let rules = policy.policy.rules().len();
            findings.add_good("policy", || format!("{}, rules: {rules}", policy.place()));
        }
        Err(mistakes) => {
            for mistake in mistakes {
                let remedy = "correct it; `mcp-auth-server policy check` reads it as well";
                findings.problem("policy", mistake.to_string(), remedy);
            }
        }
    }
}

fn check_servers(settings: &McpSettings, data_dir: &DataDir, findings: &mut Findings) {
    match inspection::servers(settings, data_dir) {
        Ok((count, failing)) => {
            let failed = failing.len();
            for mistake in failing {
                findings.note("mcp", mistake.to_string(), "");
            }
            findings.add_good("mcp", || {
                format!("MCP servers: {count}; without a mistake: {}", count.saturating_sub(failed))
            });
        }
        Err(mistake) => findings.problem("mcp", mistake.to_string(), ""),
    }
}
