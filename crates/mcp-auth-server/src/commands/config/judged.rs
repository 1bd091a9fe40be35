//! All that there is to say of a configuration.

use mcp_auth::settings::Mistake;

use crate::data_dir::DataDir;
use crate::inspection;
use crate::settings::{McpSettings, ServerSettings, Source, StoreSettings, near_misses};

/// What is to be mended, what should not stay so, and what is worth knowing.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// `None` where a variable has a mistake.
    pub(super) settings: Option<ServerSettings>,
    pub(super) mistakes: Vec<Mistake>,
    pub(super) warnings: Vec<Mistake>,
    pub(super) notes: Vec<Mistake>,
}

impl Judged {
    /// Judges the variables, and the files that they name as far as they can be read.
    pub(super) fn of(source: &Source) -> Self {
        let mut judged = Self::default();
        match ServerSettings::load(|name| source.get(name)) {
            Ok(settings) => judged.add_settings(settings),
            Err(mistakes) => {
                judged.mistakes.extend_from_slice(mistakes.list());
                // Where their own variables have no mistake, these need no others.
                if let Ok(settings) = McpSettings::alone(source) {
                    judged.add_mcp(&settings, &DataDir::at(source.get("MCP_DATA_DIR")));
                }
            }
        }
        judged.warnings.extend(near_misses(source.environment().names()));
        judged
    }

    fn add_settings(&mut self, settings: ServerSettings) {
        self.warnings.extend_from_slice(&settings.warnings);
        self.warnings.extend(settings.problems());
        self.mistakes.extend(inspection::certified_key(&settings).err());
        self.add_mcp(&settings.mcp, &settings.data_dir);
        self.add_data_dir(&settings);
        self.settings = Some(settings);
    }

    fn add_mcp(&mut self, settings: &McpSettings, data_dir: &DataDir) {
        self.mistakes.extend(inspection::policy(settings).err().unwrap_or_default());
        match inspection::servers(settings, data_dir) {
            Ok((_, failing)) => self.warnings.extend(failing),
            Err(mistake) => self.mistakes.push(mistake),
        }
    }

    /// A configuration that is all in variables can be checked before there is a directory.
    fn add_data_dir(&mut self, settings: &ServerSettings) {
        let data_dir = &settings.data_dir;
        match data_dir.obstacle_to_opening(settings.store == StoreSettings::Sqlite) {
            None => self.mistakes.extend(inspection::audit(settings).err()),
            Some(obstacle) if obstacle.is_absent => self.notes.push(data_dir.mistake(&obstacle)),
            Some(obstacle) => self.mistakes.push(data_dir.mistake(&obstacle)),
        }
    }
}
