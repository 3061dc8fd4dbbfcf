//! The database of a process: a given one, or a private PostgreSQL that the process runs itself.
//!
//! Chooses the database of each command, migrates or checks its schema, and closes it. [`private_postgres`] runs the
//! private PostgreSQL.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use private_postgres::{
    self, Durability, PrivatePostgres, PrivatePostgresError, find_running, remove_data,
};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use tracing::{info, warn};

use crate::db;
use crate::db::connection::Pool;
use crate::db::{PoolerBetween, SchemaGap, own_database, own_schema};

/// Longest wait for connections that are still in use at the end. The server drops them when the process ends.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Longest wait for the database to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Where private databases are stored, below the working directory.
const PRIVATE_FOLDER: &str = ".waapify-ghl";
/// Name of the database in a private PostgreSQL.
const PRIVATE_DATABASE: &str = "waapify_ghl";
/// Folder of the service's private PostgreSQL, in [`PRIVATE_FOLDER`].
const SERVICE_FOLDER: &str = "service";
/// Folder of the sandbox's private PostgreSQL, in [`PRIVATE_FOLDER`].
const SANDBOX_FOLDER: &str = "sandbox";
/// Error text when the sandbox was given no database.
const NOT_NAMED: &str = "--database-url is not given";
/// The schema that the sandbox uses, in every database.
const SANDBOX_SCHEMA: &str = "waapify_ghl_sandbox";
/// The schema of the sandbox's script, which is dropped when the script ends.
const SCRIPT_SCHEMA: &str = "waapify_ghl_sandbox_script";

/// A given database, or a private PostgreSQL that runs as long as this value lives.
pub struct Database {
    url: SecretString,
    origin: Origin,
    /// None for the schema that the server chooses, usually `public`.
    schema: Option<&'static str>,
    /// Holds the lock on `schema`, where other processes could use it at the same time.
    claim: Option<PgConnection>,
    cluster: Option<PrivatePostgres>,
}

/// Where the address of a database came from.
enum Origin {
    /// The setting `DATABASE_URL`.
    Setting,
    /// The argument `--database-url`.
    Argument,
    /// A private PostgreSQL of the service or of the sandbox (`owner`), in this folder.
    Private {
        owner: &'static str,
        folder: PathBuf,
    },
}

impl fmt::Display for Database {
    /// Names the database without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (
            &self.origin,
            db::connect_options(self.url.expose_secret(), None),
        ) {
            (Origin::Private { owner, folder }, _) => {
                write!(
                    f,
                    "the {owner}'s private PostgreSQL in {}",
                    folder.display()
                )?;
            }
            (_, Ok(options)) => {
                let (host, port) = (options.get_host(), options.get_port());
                let database = options.get_database().unwrap_or(options.get_username());
                write!(f, "database {database} on {host}:{port}")?;
            }
            (_, Err(_)) => write!(f, "no database")?,
        }
        match self.schema {
            Some(schema) => write!(f, ", schema {schema}"),
            None => Ok(()),
        }
    }
}

impl Database {
    fn new(url: SecretString, origin: Origin) -> Self {
        Self {
            url,
            origin,
            schema: None,
            claim: None,
            cluster: None,
        }
    }

    /// Opens the given database, or the service's private one, which is created if it is missing.
    ///
    /// # Errors
    /// When no private PostgreSQL can be started; the error says what to do.
    pub async fn open(given: Option<&SecretString>) -> anyhow::Result<Self> {
        if let Some(url) = given {
            return Ok(Self::new(url.clone(), Origin::Setting));
        }
        let started = Self::start_private(SERVICE_FOLDER).await;
        started.map_err(|error| say_what_is_missing(error, "DATABASE_URL is not set"))
    }

    /// Opens the given database, or the private database of a running service, or else a private one for as long as
    /// this value lives. For commands that may run beside the service.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn join(given: Option<&SecretString>) -> anyhow::Result<Self> {
        match (given, Self::find_running(SERVICE_FOLDER)?) {
            (None, Some(running)) => Ok(running),
            _ => Self::open(given).await,
        }
    }

    /// Finds a database to read, for commands that create nothing: the given one, else that of a running service, of a
    /// running sandbox, or of a service that ran here before, in this order.
    ///
    /// # Errors
    /// When there is none; the error says what to do.
    pub async fn find(given: Option<&SecretString>) -> anyhow::Result<Self> {
        if let Some(url) = given {
            return Ok(Self::new(url.clone(), Origin::Setting));
        }
        if let Some(running) = Self::find_running(SERVICE_FOLDER)? {
            return Ok(running);
        }
        if let Some(running) = Self::find_running(SANDBOX_FOLDER)? {
            return Ok(running);
        }
        let folder = private_folder(SERVICE_FOLDER)?;
        ensure!(
            private_postgres::has_data(&folder),
            "there is no database yet: DATABASE_URL is not set, and no service or sandbox has one in {}. \
             `waapify-ghl migrate` and `waapify-ghl serve` make one",
            folder.display()
        );
        Self::start_private(SERVICE_FOLDER).await
    }

    /// Opens the sandbox's database: the `named` one or a private one, in both cases only the sandbox's own schema.
    /// With `fresh`, deletes what the sandbox stored there, and nothing else.
    ///
    /// # Errors
    /// When it cannot be opened; the error says what to do.
    pub async fn open_sandbox(named: Option<&SecretString>, fresh: bool) -> anyhow::Result<Self> {
        let database = if let Some(url) = named {
            Self::new(url.clone(), Origin::Argument)
        } else {
            if fresh {
                remove_data(&private_folder(SANDBOX_FOLDER)?)?;
            }
            let started = Self::start_private(SANDBOX_FOLDER).await;
            started.map_err(|error| say_what_is_missing(error, NOT_NAMED))?
        };
        database.keep_to(SANDBOX_SCHEMA, fresh).await
    }

    /// Opens the database of the sandbox's script: the `named` one or a temporary private one, in both cases an empty
    /// schema that [`Database::close`] drops.
    ///
    /// # Errors
    /// As [`Database::open_sandbox`].
    pub async fn open_script(named: Option<&SecretString>) -> anyhow::Result<Self> {
        let database = if let Some(url) = named {
            Self::new(url.clone(), Origin::Argument)
        } else {
            let started = tokio::task::spawn_blocking(PrivatePostgres::throw_away).await?;
            let cluster = started.map_err(|error| say_what_is_missing(error.into(), NOT_NAMED))?;
            Self::in_cluster(cluster, SANDBOX_FOLDER).await?
        };
        database.keep_to(SCRIPT_SCHEMA, true).await
    }

    /// The private database in `folder`, if a process runs it now.
    fn find_running(folder: &'static str) -> anyhow::Result<Option<Self>> {
        let place = private_folder(folder)?;
        let Some(url) = find_running(&place, PRIVATE_DATABASE) else {
            return Ok(None);
        };
        let origin = Origin::Private {
            owner: folder,
            folder: place,
        };
        let mut found = Self::new(url.into(), origin);
        found.schema = (folder == SANDBOX_FOLDER).then_some(SANDBOX_SCHEMA);
        Ok(Some(found))
    }

    async fn start_private(folder: &'static str) -> anyhow::Result<Self> {
        let place = private_folder(folder)?;
        let cluster = tokio::task::spawn_blocking(move || {
            PrivatePostgres::start(&place, Durability::Durable)
        })
        .await??;
        info!(folder = %cluster.folder().display(), "no database was named: running a private PostgreSQL");
        Self::in_cluster(cluster, folder).await
    }

    async fn in_cluster(cluster: PrivatePostgres, owner: &'static str) -> anyhow::Result<Self> {
        let mut connection = PgConnection::connect(&cluster.url("postgres")).await?;
        own_database::create(&mut connection, PRIVATE_DATABASE).await?;
        connection.close().await?;
        let origin = Origin::Private {
            owner,
            folder: cluster.folder().to_owned(),
        };
        let mut database = Self::new(cluster.url(PRIVATE_DATABASE).into(), origin);
        database.cluster = Some(cluster);
        Ok(database)
    }

    /// Limits this value to `schema` and locks the schema against other processes. With `fresh`, empties it.
    async fn keep_to(mut self, schema: &'static str, fresh: bool) -> anyhow::Result<Self> {
        self.schema = Some(schema);
        let mut connection = self.connect().await?;
        ensure!(
            own_schema::claim(&mut connection, schema).await?,
            "another sandbox uses schema {schema} of this database: stop it, or name another database"
        );
        ensure!(
            !own_schema::is_foreign(&mut connection, schema).await?,
            "schema {schema} of this database holds tables of another program: name another database"
        );
        if fresh {
            own_schema::drop_own(&mut connection, schema).await?;
        }
        own_schema::create(&mut connection, schema)
            .await
            .with_context(|| format!("schema {schema} cannot be created in this database"))?;
        // A connection pooler between the service and the server may drop the options of a connection.
        ensure!(
            own_schema::find_current(&mut connection).await?.as_deref() == Some(schema),
            "this server does not let a connection choose its schema: name the database server itself, not a pooler"
        );
        self.claim = Some(connection);
        Ok(self)
    }

    /// A pool over the database. It connects when it is first used.
    ///
    /// # Errors
    /// When the address is not a Postgres address.
    pub fn pool(&self) -> anyhow::Result<Pool> {
        let options = db::connect_options(self.url.expose_secret(), self.schema);
        let pool = options.map(db::open_pool_with);
        pool.with_context(|| format!("{} is not a Postgres address", self.source()))
    }

    /// A pool over the database, with its schema up to date.
    ///
    /// # Errors
    /// When the database cannot be reached, or holds a schema that this program does not know.
    pub async fn migrated_pool(&self) -> anyhow::Result<Pool> {
        let pool = self.pool()?;
        self.connect().await?.close().await?;
        db::migrate(&pool)
            .await
            .context("the database's schema cannot be brought up to date")?;
        Ok(pool)
    }

    /// A pool over the database, with its schema unchanged; the schema must be this program's.
    ///
    /// # Errors
    /// When the database cannot be reached, or its schema is missing, older or newer; the error says what to do.
    pub async fn checked_pool(&self) -> anyhow::Result<Pool> {
        let pool = self.pool()?;
        self.connect().await?.close().await?;
        let gap = db::find_schema_gap(&pool).await;
        let gap = gap.context("the database does not say which schema it has")?;
        let todo = match self.schema {
            Some(_) => "start the sandbox again",
            None => "run `waapify-ghl migrate`",
        };
        match gap {
            SchemaGap { foreign: 1.., .. } => bail!(
                "the database's schema was made by another version of this program: use that version"
            ),
            SchemaGap { missing: 1.., .. } if gap.is_all() => {
                bail!("the database has no tables of this program yet: {todo}")
            }
            SchemaGap { missing: 1.., .. } => bail!(
                "the database's schema is older than this program ({} migrations are missing): {todo}",
                gap.missing
            ),
            SchemaGap { .. } => Ok(pool),
        }
    }

    /// Connects without the pool, to learn why the database cannot be reached: the pool would only report a timeout.
    async fn connect(&self) -> anyhow::Result<PgConnection> {
        let options = db::connect_options(self.url.expose_secret(), self.schema)
            .with_context(|| format!("{} is not a Postgres address", self.source()))?;
        let unreachable = || {
            let source = self.source();
            format!("the database cannot be reached: check {source} and that Postgres runs")
        };
        let connected = tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await;
        let mut connection = match connected.with_context(unreachable)? {
            // PgBouncer refuses a connection with options that it does not know.
            Err(error) if error.to_string().contains("unsupported startup parameter") => {
                bail!(PoolerBetween)
            }
            other => other.with_context(unreachable)?,
        };
        ensure!(db::keeps_options(&mut connection).await?, PoolerBetween);
        Ok(connection)
    }

    /// The setting that gave the address, for error messages.
    fn source(&self) -> &'static str {
        match self.origin {
            Origin::Argument => "--database-url",
            Origin::Setting | Origin::Private { .. } => "DATABASE_URL",
        }
    }

    /// Whether the database was found and not given, so that a command should print which one it reads.
    #[must_use]
    pub fn is_private(&self) -> bool {
        matches!(self.origin, Origin::Private { .. })
    }

    /// Closes the pool, drops the script's schema, and stops the private PostgreSQL if there is one.
    ///
    /// # Errors
    /// When the private PostgreSQL does not stop in time.
    pub async fn close(self, pool: Pool) -> anyhow::Result<()> {
        if tokio::time::timeout(CLOSE_TIMEOUT, pool.close())
            .await
            .is_err()
        {
            warn!("the database's connections did not end in time");
        }
        if let Some(mut claim) = self.claim {
            if self.schema == Some(SCRIPT_SCHEMA) {
                own_schema::drop_own(&mut claim, SCRIPT_SCHEMA).await?;
            }
            claim.close().await?;
        }
        match self.cluster {
            Some(cluster) => Ok(tokio::task::spawn_blocking(move || cluster.stop()).await??),
            None => Ok(()),
        }
    }
}

/// Adds what is `missing` if PostgreSQL is not installed: then naming a database helps too. In a container it is the
/// only way.
fn say_what_is_missing(error: anyhow::Error, missing: &'static str) -> anyhow::Error {
    match error.downcast_ref::<PrivatePostgresError>() {
        Some(PrivatePostgresError::NoBinaries) => error.context(format!(
            "{missing}, and no private database can be run (a container's image holds no PostgreSQL)"
        )),
        _ => error,
    }
}

fn private_folder(name: &str) -> anyhow::Result<PathBuf> {
    Ok(std::env::current_dir()?.join(PRIVATE_FOLDER).join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_postgresql_it_is_said_first_how_to_name_a_database() {
        let said = |error: PrivatePostgresError| {
            let error = say_what_is_missing(error.into(), "DATABASE_URL is not set");
            format!("{error:#}")
        };
        let missing = said(PrivatePostgresError::NoBinaries);
        assert!(missing.starts_with("DATABASE_URL is not set"), "{missing}");
        assert!(missing.contains("apt-get install"), "{missing}");
        let other = said(PrivatePostgresError::NoUnprivilegedUser);
        assert!(!other.contains("DATABASE_URL"), "{other}");
    }
}
