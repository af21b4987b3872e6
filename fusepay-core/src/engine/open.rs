//! Opening an engine: guard the files, bring the schema up to date, distrust
//! what an unclean end or a copy left, resume orphans, start the worker.

use crate::bill::vault::TokenVault;
use crate::clock::{Deadline, Timeline};
use crate::engine::auth::desk::AuthDesk;
use crate::engine::config::{Config, FilePermissions, WorkerMode};
use crate::engine::desk::ProviderDesk;
use crate::engine::inner::{Inner, Progress};
use crate::engine::subscribers::Subscribers;
use crate::engine::{recovery, worker};
use crate::entropy::Supplies;
use crate::error::{Error, Result};
use crate::failpoint::failpoint;
use crate::id::InstanceId;
use crate::store::guard::{FileGuard, IncarnationLock, Permissions};
use crate::store::tx::WriteTx;
use crate::store::{Store, instance};
use crate::sync::{AtomicBool, AtomicI64, AtomicU64, Mutex, RwLock, bounded, thread::JoinHandle};
use crate::vocabulary::Code;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Opens an engine; answers its inside and, in the background mode, its worker.
pub(crate) fn open(mut config: Config) -> Result<(Arc<Inner>, Option<JoinHandle<()>>)> {
    crate::store::writer::refuse_reentry()?;
    config.check()?;
    let vault = match &config.vault_key {
        Some((id, key)) => TokenVault::plain().with_key(*id, key.clone())?,
        None => TokenVault::plain(),
    };
    let desks = open_desks(&mut config)?;
    let permissions = match config.permissions {
        FilePermissions::Strict => Permissions::Strict,
        FilePermissions::Relaxed => Permissions::Relaxed,
    };
    let guard = Arc::new(FileGuard::acquire(&config.path, permissions)?);
    let deadline = Deadline::after(config.call_deadline);
    let turn = guard.lock_maintenance(deadline)?;
    failpoint!("open.locked");
    let timeline = Timeline::starting_now(config.clock.as_ref());
    let id = InstanceId::mint(config.entropy.as_ref(), config.clock.wall())?;
    let store = Store::open(Arc::clone(&guard), id, config.audit_key.clone())?;
    failpoint!("open.migrated");
    let supplies = Supplies::new(config.clock.wall(), timeline.now(config.clock.as_ref()), config.entropy.as_ref())?;
    let others_live = distrust_wal(&store, &guard)?;
    failpoint!("open.trusted");
    let (entrance, life) = enter(&store, &guard, deadline, &supplies, &config, others_live)?;
    failpoint!("open.entered");
    let incarnation = entrance.incarnation;
    if let Some(payments) = entrance.distrusted {
        tracing::warn!(payments, "this file is a copy or was restored; unsent payments are queried first");
    }
    let event_head = store.read(crate::store::event::head)?;
    let (wake, woken) = bounded(1);
    let auth = AuthDesk::new(&config)?;
    let inner = Arc::new(Inner {
        store,
        timeline,
        incarnation,
        life: Mutex::new(Some(Arc::new(life))),
        guard: RwLock::new(Some(guard)),
        pid: std::process::id(),
        desks: RwLock::new(desks),
        replaced: Mutex::default(),
        vault,
        auth,
        subscribers: Subscribers::default(),
        wake,
        is_closing: AtomicBool::new(false),
        is_closed: AtomicBool::new(false),
        last_sweep: AtomicI64::new(i64::MIN),
        logged_events: AtomicU64::new(event_head),
        progress: Progress::default(),
        leftovers: Mutex::new(Vec::new()),
        config,
    });
    recovery::rebase(&inner)?;
    recovery::resume_orphans(&inner)?;
    crate::engine::auth::guess::recover(&inner, others_live)?;
    failpoint!("open.recovered");
    drop(turn);
    let thread = match inner.config.worker {
        WorkerMode::Background => Some(worker::spawn(&inner, woken)?),
        WorkerMode::Manual => None,
    };
    tracing::info!(path = %inner.store.path().display(), incarnation, "engine opened");
    Ok((inner, thread))
}

/// Gives every provider of the configuration its desk, which alone holds it from
/// now on: a replaced adapter is let go.
fn open_desks(config: &mut Config) -> Result<BTreeMap<String, Arc<ProviderDesk>>> {
    let mut desks = BTreeMap::new();
    for (code, provider) in std::mem::take(&mut config.providers) {
        let desk = ProviderDesk::new(code.clone(), provider, config.breaker, config.rate)?;
        desks.insert(code, Arc::new(desk));
    }
    Ok(desks)
}

/// After an unclean end, what a re-open reads may only be in the page cache:
/// it is synced into the database before anything is answered from it. Answers
/// whether other engines are alive on the file.
fn distrust_wal(store: &Store, guard: &FileGuard) -> Result<bool> {
    let (is_clean, engines) = store.read(|tx| {
        Ok((instance::fact(tx, instance::CLEAN)?.as_deref() == Some("yes"), instance::open_incarnations(tx)?))
    })?;
    let mut others_live = false;
    for (id, owner) in engines {
        others_live |= guard.is_incarnation_alive(id, &crate::store::guard::Owner::from_text(&owner)?)?;
    }
    if is_clean || others_live {
        return Ok(others_live);
    }
    store.checkpoint_synced()?;
    Ok(false)
}

/// What recording this engine on the file found.
struct Entrance {
    incarnation: i64,
    /// How many unsent payments are distrusted, when the file begins a new life.
    distrusted: Option<u32>,
}

/// Records this engine on the file, in one commit.
fn enter(
    store: &Store,
    guard: &Arc<FileGuard>,
    deadline: Deadline,
    supplies: &Supplies,
    config: &Config,
    others_live: bool,
) -> Result<(Entrance, IncarnationLock)> {
    let (is_simulated, is_restored) = (config.is_simulated, config.is_restored);
    let (guard, supplies) = (Arc::clone(guard), supplies.clone());
    store.write(deadline, move |tx| {
        let supplies = supplies.clone();
        let incarnation = instance::open_incarnation(tx, "", supplies.wall)?;
        // The lock comes before the commit: nobody may see it dead before it lives.
        let life = guard.claim_incarnation(incarnation)?;
        instance::set_owner(tx, incarnation, &life.owner().to_string())?;
        let place = guard.identity();
        let place = format!("{}:{}", place.device, place.inode);
        // With other engines alive on it the file is theirs, not a copy; a host
        // that declares a restore knows better.
        let distrusted = if others_live && !is_restored {
            None
        } else {
            notice_copy(tx, &supplies, incarnation, &place, is_restored)?
        };
        instance::set_fact(tx, instance::PLACE, &place)?;
        instance::set_fact(tx, instance::CLEAN, "no")?;
        if is_simulated {
            instance::set_fact(tx, instance::SIMULATED, "yes")?;
        }
        Ok((Entrance { incarnation, distrusted }, life))
    })
}

/// A file that lies elsewhere than it did, or that a backup marked, is a copy:
/// another life of it may have sent what this one still wants to send.
fn notice_copy(
    tx: &WriteTx<'_>,
    supplies: &Supplies,
    incarnation: i64,
    place: &str,
    is_restored: bool,
) -> Result<Option<u32>> {
    let was_at = instance::fact(tx, instance::PLACE)?;
    let is_marked = instance::fact(tx, instance::COPY)?.is_some_and(|mark| mark == "yes");
    let has_moved = was_at.is_some_and(|was| was != place);
    if is_restored || is_marked || has_moved {
        return raise_epoch(tx, supplies, incarnation).map(Some);
    }
    Ok(None)
}

/// Begins a new life of the file: everything unsent is queried before it is sent.
pub(crate) fn raise_epoch(tx: &WriteTx<'_>, supplies: &Supplies, incarnation: i64) -> Result<u32> {
    let epoch: i64 = instance::fact(tx, instance::EPOCH)?
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Error::new(Code::Corrupt, "the file does not say which life it is in"))?;
    instance::set_fact(tx, instance::EPOCH, &epoch.saturating_add(1).to_string())?;
    instance::set_fact(tx, instance::COPY, "no")?;
    recovery::distrust_unsent(tx, supplies, incarnation)
}
