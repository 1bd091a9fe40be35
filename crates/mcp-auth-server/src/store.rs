//! The one place that chooses the store.

use std::sync::Arc;

use mcp_auth::clock::Clock;
use mcp_auth::store::{RevocationStore, RevocationView, StoreError};
use mcp_auth_redis::{RedisOptions, RedisRateLimits, RedisStore};
use mcp_auth_sessions::Stores;
use mcp_auth_sessions::rate_limit::{MemoryRateLimits, RateLimitStore, Strategy};
use mcp_auth_sqlite::{SqliteOptions, SqliteStore};

use crate::data_dir::DataDir;
use crate::settings::{RedisSettings, RevocationMode, ServerSettings, StoreSettings};

/// The open store.
#[derive(Debug)]
pub(crate) enum Store {
    /// A file of the data directory.
    Sqlite(SqliteStore),
    /// Redis or Valkey.
    Redis(RedisStore, RevocationMode),
}

impl Store {
    /// Opens what the settings name. Blocks until its revocations are read.
    ///
    /// # Errors
    /// Why it cannot be opened.
    pub(crate) fn open(
        settings: &ServerSettings,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        match &settings.store {
            StoreSettings::Sqlite => open_file(&settings.data_dir, clock).map(Self::Sqlite),
            StoreSettings::Redis(redis) => {
                let store = open_engine(redis, &settings.data_dir, clock)?;
                Ok(Self::Redis(store, redis.mode))
            }
        }
    }

    /// All of it as the sessions see it.
    pub(crate) fn stores(&self) -> Stores {
        match self {
            Self::Sqlite(store) => {
                let all = Arc::new(store.clone());
                Stores {
                    accounts: all.clone(),
                    grants: all.clone(),
                    issued: all.clone(),
                    throttles: all.clone(),
                    revocations: all,
                }
            }
            Self::Redis(store, _) => {
                let all = Arc::new(store.clone());
                Stores {
                    accounts: all.clone(),
                    grants: all.clone(),
                    issued: all.clone(),
                    throttles: all.clone(),
                    revocations: all,
                }
            }
        }
    }

    /// What the gate asks on each request.
    pub(crate) fn revocations(&self) -> Arc<dyn RevocationView> {
        match self {
            Self::Sqlite(store) => Arc::new(store.clone()),
            Self::Redis(store, _) => Arc::new(store.clone()),
        }
    }

    /// What is asked on each request in place of the view, where the settings want it so.
    pub(crate) fn asked_each_time(&self) -> Option<Arc<dyn RevocationStore>> {
        match self {
            Self::Redis(store, RevocationMode::Direct) => Some(Arc::new(store.clone())),
            Self::Sqlite(_) | Self::Redis(_, RevocationMode::Replicated) => None,
        }
    }

    /// Counts of requests: of all servers where they share an engine, else of this process.
    pub(crate) fn rate_limits(&self, strategy: Strategy) -> Arc<dyn RateLimitStore> {
        match self {
            Self::Sqlite(_) => Arc::new(MemoryRateLimits::new(strategy)),
            Self::Redis(store, _) => Arc::new(RedisRateLimits::new(store, strategy)),
        }
    }

    /// Whether it takes writes, for probes.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) async fn check_writable(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(store) => store.check_writable().await,
            Self::Redis(store, _) => store.check_writable().await,
        }
    }

    /// Ends it. Nothing is admitted from then on.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Redis(store, _) => store.close().await,
        }
    }

    /// How it is doing, where that can change while it is open.
    pub(crate) fn status(&self) -> Option<mcp_auth_redis::Status> {
        match self {
            Self::Sqlite(_) => None,
            Self::Redis(store, _) => Some(store.status()),
        }
    }
}

/// The file of a data directory; an empty one where there is none.
pub(crate) fn open_file(
    data_dir: &DataDir,
    clock: &Arc<dyn Clock>,
) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(data_dir.database(), &SqliteOptions::new(clock.clone()))
}

/// The engine. What is on its way there is kept in the data directory.
pub(crate) fn open_engine(
    settings: &RedisSettings,
    data_dir: &DataDir,
    clock: &Arc<dyn Clock>,
) -> Result<RedisStore, StoreError> {
    let options = RedisOptions::new(settings.url.clone(), clock.clone())
        .with_bound(settings.bound)
        .with_journal(data_dir.outbox());
    RedisStore::open(&options)
}
