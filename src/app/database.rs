//! The database of a process: the one that was given, or a private PostgreSQL that the process runs itself.
//!
//! Owns: opening it, bringing its schema up to date, and closing it. Refuses: running the cluster; that is
//! [`private_postgres`]'s.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use private_postgres::{Durability, PrivatePostgres, find_running, remove_data};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, PgConnection, PgPool};
use tracing::{info, warn};

use crate::db;

/// Longest wait for connections that somebody still holds; the server forgets them when the process ends.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Longest wait for the database at start.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Where a private cluster keeps its data, below the working directory.
const PRIVATE_FOLDER: &str = ".waapify-ghl";
/// The database in it.
const PRIVATE_DATABASE: &str = "waapify_ghl";

/// A database: the one that was given, or a private cluster that runs as long as this value lives.
pub struct Database {
    url: SecretString,
    cluster: Option<PrivatePostgres>,
}

impl Database {
    /// The given database, or a private cluster in `folder` below the working directory's `.waapify-ghl`.
    ///
    /// # Errors
    /// When no cluster can be started, with what to do.
    pub async fn open(given: Option<&SecretString>, folder: &str) -> anyhow::Result<Self> {
        if let Some(url) = given {
            return Ok(Self {
                url: url.clone(),
                cluster: None,
            });
        }
        let folder = private_folder(folder)?;
        let cluster = tokio::task::spawn_blocking(move || {
            PrivatePostgres::start(&folder, Durability::Durable)
        })
        .await??;
        info!(folder = %cluster.folder().display(), "DATABASE_URL is not set: running a private PostgreSQL");
        Self::in_cluster(cluster).await
    }

    /// The given database, or that of the private cluster which a running process of ours keeps in `folder`, or a
    /// private cluster for as long as this value lives: for commands beside a running service.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn join(given: Option<&SecretString>, folder: &str) -> anyhow::Result<Self> {
        let running = find_running(&private_folder(folder)?, PRIVATE_DATABASE);
        match (given, running) {
            (None, Some(url)) => Ok(Self {
                url: url.into(),
                cluster: None,
            }),
            _ => Self::open(given, folder).await,
        }
    }

    /// The given database, or a cluster that is gone afterwards.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn throw_away(given: Option<&SecretString>) -> anyhow::Result<Self> {
        if let Some(url) = given {
            return Ok(Self {
                url: url.clone(),
                cluster: None,
            });
        }
        let cluster = tokio::task::spawn_blocking(PrivatePostgres::throw_away).await??;
        Self::in_cluster(cluster).await
    }

    async fn in_cluster(cluster: PrivatePostgres) -> anyhow::Result<Self> {
        let mut connection = PgConnection::connect(&cluster.url("postgres")).await?;
        let found: Option<i32> = sqlx::query_scalar("select 1 from pg_database where datname = $1")
            .bind(PRIVATE_DATABASE)
            .fetch_optional(&mut connection)
            .await?;
        if found.is_none() {
            sqlx::query("create database waapify_ghl")
                .execute(&mut connection)
                .await?;
        }
        connection.close().await?;
        Ok(Self {
            url: cluster.url(PRIVATE_DATABASE).into(),
            cluster: Some(cluster),
        })
    }

    /// A pool over it as it is; nobody connects yet.
    ///
    /// # Errors
    /// When the address is none.
    pub fn pool(&self) -> anyhow::Result<PgPool> {
        db::open_pool(self.url.expose_secret()).context("DATABASE_URL is not a Postgres address")
    }

    /// A pool over it, with the schema brought up to date.
    ///
    /// # Errors
    /// When the database cannot be reached or holds another program's schema.
    pub async fn migrated_pool(&self) -> anyhow::Result<PgPool> {
        let (url, pool) = (self.url.expose_secret(), self.pool()?);
        // A connection of its own says why it cannot be had; the pool would only say that it timed out.
        let connection = tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect(url)).await;
        let unreachable =
            "the database cannot be reached: check DATABASE_URL and that Postgres runs";
        connection
            .context(unreachable)?
            .context(unreachable)?
            .close()
            .await?;
        db::migrate(&pool)
            .await
            .context("the database's schema cannot be brought up to date")?;
        Ok(pool)
    }

    /// Stops the private cluster, if there is one, after everyone has let go of it.
    ///
    /// # Errors
    /// When it does not stop in time.
    pub async fn close(self, pool: PgPool) -> anyhow::Result<()> {
        if tokio::time::timeout(CLOSE_TIMEOUT, pool.close())
            .await
            .is_err()
        {
            warn!("the database's connections did not end in time");
        }
        match self.cluster {
            Some(cluster) => Ok(tokio::task::spawn_blocking(move || cluster.stop()).await??),
            None => Ok(()),
        }
    }
}

/// Clears what a private cluster in `folder` keeps.
///
/// # Errors
/// When a process still uses it, or it cannot be removed.
pub fn clear_private_folder(folder: &str) -> anyhow::Result<()> {
    Ok(remove_data(&private_folder(folder)?)?)
}

fn private_folder(name: &str) -> anyhow::Result<PathBuf> {
    Ok(std::env::current_dir()?.join(PRIVATE_FOLDER).join(name))
}
