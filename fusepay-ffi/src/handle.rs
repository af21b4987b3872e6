//! Handles: what stands behind the opaque pointers of the interface.
//!
//! A handle is never followed. It is a number in a pointer's clothes, made of a
//! generation, a slot and a kind, and looked up in the table of its kind:
//!
//! ```text
//!  63          32 31         8 7      4 3    1 0
//! | generation   | slot        | life   | kind | 1 |
//! ```
//! A slot that is used again has the next generation, so that an old handle
//! finds nothing. The lowest bit is set in every handle and in no pointer to an
//! object, so that a foreign pointer is no handle. The life counts forks: what a
//! parent process made is `FUSEPAY_ERR_FORKED` in its children, whose tables are
//! new (the old ones may have been locked by a thread that did not come along).
//!
//! This file knows no object: who owns a kind says so with a [`Handles`] of its own.

use std::any::Any;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use fusepay_core::{Code, Error};

#[cfg(not(target_pointer_width = "64"))]
compile_error!("a handle needs a pointer of 64 bits");

const KIND_SHIFT: u32 = 1;
const KIND_MASK: usize = 0x7;
const LIFE_SHIFT: u32 = 4;
const LIFE_MASK: usize = 0xf;
const SLOT_SHIFT: u32 = 8;
const SLOT_MASK: usize = 0xff_ffff;
const GENERATION_SHIFT: u32 = 32;

/// What a handle stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Engine = 1,
    Session = 2,
    Error = 3,
    Memory = 4,
    Subscription = 5,
    Reply = 6,
    LogFiles = 7,
}

/// One object that a handle finds.
struct Slot<T: ?Sized> {
    generation: u32,
    object: Option<Arc<T>>,
}

struct Slots<T: ?Sized> {
    slots: Vec<Slot<T>>,
    /// Slots to use again, the one that has rested longest first.
    free: VecDeque<usize>,
}

/// The objects of one kind.
pub(crate) struct Table<T: ?Sized> {
    kind: Kind,
    life: usize,
    slots: RwLock<Slots<T>>,
}

/// Why a handle found nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Miss {
    /// Null, of another kind, or no handle at all.
    Foreign,
    /// It was one, and has been closed or freed.
    Stale,
    /// It was made before a fork.
    Inherited,
}

impl<T: ?Sized> Table<T> {
    const fn new(kind: Kind, life: usize) -> Self {
        Table { kind, life, slots: RwLock::new(Slots { slots: Vec::new(), free: VecDeque::new() }) }
    }

    /// Takes an object in and gives its handle.
    ///
    /// # Errors
    /// [`Code::NotAllowed`] when 16 million objects of the kind are alive.
    pub(crate) fn insert<H>(&self, object: Arc<T>) -> Result<*mut H, Error> {
        let mut table = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let index = match table.free.pop_front() {
            Some(index) => index,
            None if table.slots.len() <= SLOT_MASK => {
                table.slots.push(Slot { generation: 1, object: None });
                table.slots.len() - 1
            }
            None => return Err(Error::new(Code::NotAllowed, "too many handles are open; free what is not needed")),
        };
        let Some(slot) = table.slots.get_mut(index) else {
            return Err(Error::new(Code::Panicked, "a free slot of handles does not exist"));
        };
        slot.object = Some(object);
        let number = to_usize(slot.generation) << GENERATION_SHIFT
            | index << SLOT_SHIFT
            | self.life << LIFE_SHIFT
            | usize::from(self.kind as u8) << KIND_SHIFT
            | 1;
        Ok(std::ptr::without_provenance_mut(number))
    }

    /// The object a handle stands for.
    ///
    /// # Errors
    /// [`Code::InvalidHandle`], [`Code::Forked`]; [`Code::Closed`] for an engine
    /// that has been closed.
    pub(crate) fn find<H>(&self, handle: *const H) -> Result<Arc<T>, Error> {
        self.look_up(handle.addr()).map_err(|miss| self.explain(miss))
    }

    /// Takes an object out; its handle finds nothing from now on.
    ///
    /// # Errors
    /// As [`Table::find`].
    pub(crate) fn remove<H>(&self, handle: *const H) -> Result<Arc<T>, Error> {
        self.look_up(handle.addr()).map_err(|miss| self.explain(miss))?;
        let mut table = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let (index, generation) = place(handle.addr());
        let found = table.slots.get_mut(index).filter(|slot| slot.generation == generation);
        let taken = found.and_then(|slot| {
            let object = slot.object.take()?;
            slot.generation = slot.generation.wrapping_add(1);
            Some((object, slot.generation))
        });
        let Some((object, next)) = taken else { return Err(self.explain(Miss::Stale)) };
        // After 2^32 objects a slot is retired: its first handle would be good again.
        if next != 0 {
            table.free.push_back(index);
        }
        Ok(object)
    }

    fn look_up(&self, number: usize) -> Result<Arc<T>, Miss> {
        let is_handle = number & 1 == 1 && (number >> KIND_SHIFT) & KIND_MASK == usize::from(self.kind as u8);
        if !is_handle {
            return Err(Miss::Foreign);
        }
        if (number >> LIFE_SHIFT) & LIFE_MASK != self.life {
            return Err(Miss::Inherited);
        }
        let (index, generation) = place(number);
        let table = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let slot = table.slots.get(index).ok_or(Miss::Foreign)?;
        match &slot.object {
            Some(object) if slot.generation == generation => Ok(Arc::clone(object)),
            Some(_) | None if generation > slot.generation => Err(Miss::Foreign),
            Some(_) | None => Err(Miss::Stale),
        }
    }

    fn explain(&self, miss: Miss) -> Error {
        match (miss, self.kind) {
            (Miss::Inherited, _) => Error::new(Code::Forked, "the handle was made before a fork; open an engine anew"),
            (Miss::Stale, Kind::Engine) => Error::new(Code::Closed, "the engine has been closed"),
            (Miss::Stale, _) => Error::new(Code::InvalidHandle, "the handle has been closed or freed"),
            (Miss::Foreign, _) => Error::new(Code::InvalidHandle, "null, or no handle of this kind"),
        }
    }
}

/// Slot and generation of a handle.
fn place(number: usize) -> (usize, u32) {
    let generation = u32::try_from(number >> GENERATION_SHIFT).unwrap_or(0);
    ((number >> SLOT_SHIFT) & SLOT_MASK, generation)
}

/// Lossless on the 64-bit targets this file compiles for.
const fn to_usize(number: u32) -> usize {
    number as usize
}

/// An object whose type its kind tells.
pub(crate) type Object = dyn Any + Send + Sync;

/// The handles of one kind, and the type of what they stand for.
pub(crate) struct Handles<T> {
    kind: Kind,
    objects: PhantomData<fn() -> T>,
}

impl<T: Any + Send + Sync> Handles<T> {
    /// The handles of a kind. Each kind has one owner, who names its type.
    pub(crate) const fn new(kind: Kind) -> Self {
        Handles { kind, objects: PhantomData }
    }

    /// Takes an object in and gives its handle.
    ///
    /// # Errors
    /// As [`Table::insert`].
    pub(crate) fn insert<H>(&self, object: Arc<T>) -> Result<*mut H, Error> {
        tables().of(self.kind).insert(object)
    }

    /// The object a handle stands for.
    ///
    /// # Errors
    /// As [`Table::find`].
    pub(crate) fn find<H>(&self, handle: *const H) -> Result<Arc<T>, Error> {
        tables().of(self.kind).find(handle).and_then(typed)
    }

    /// Takes an object out; its handle finds nothing from now on.
    ///
    /// # Errors
    /// As [`Table::find`].
    pub(crate) fn remove<H>(&self, handle: *const H) -> Result<Arc<T>, Error> {
        tables().of(self.kind).remove(handle).and_then(typed)
    }
}

fn typed<T: Any + Send + Sync>(object: Arc<Object>) -> Result<Arc<T>, Error> {
    object.downcast().map_err(|_| Error::new(Code::Panicked, "two types of object share a kind of handle"))
}

/// The tables of one process, and whom it logs to.
pub(crate) struct Tables {
    pid: u32,
    /// Those of the process this one was forked from: never touched, and held here
    /// so that a leak checker does not take them for lost.
    _inherited: Option<&'static Tables>,
    engines: Table<Object>,
    sessions: Table<Object>,
    errors: Table<Object>,
    memories: Table<Object>,
    subscriptions: Table<Object>,
    replies: Table<Object>,
    log_files: Table<Object>,
    /// Who is told of log lines in this process.
    pub(crate) listener: RwLock<Option<Arc<Object>>>,
}

impl Tables {
    fn new(pid: u32, inherited: Option<&'static Tables>) -> Self {
        let life = inherited.map_or(0, |tables| tables.engines.life + 1) & LIFE_MASK;
        Tables {
            pid,
            _inherited: inherited,
            engines: Table::new(Kind::Engine, life),
            sessions: Table::new(Kind::Session, life),
            errors: Table::new(Kind::Error, life),
            memories: Table::new(Kind::Memory, life),
            subscriptions: Table::new(Kind::Subscription, life),
            replies: Table::new(Kind::Reply, life),
            log_files: Table::new(Kind::LogFiles, life),
            listener: RwLock::new(None),
        }
    }

    const fn of(&self, kind: Kind) -> &Table<Object> {
        match kind {
            Kind::Engine => &self.engines,
            Kind::Session => &self.sessions,
            Kind::Error => &self.errors,
            Kind::Memory => &self.memories,
            Kind::Subscription => &self.subscriptions,
            Kind::Reply => &self.replies,
            Kind::LogFiles => &self.log_files,
        }
    }
}

static TABLES: AtomicPtr<Tables> = AtomicPtr::new(std::ptr::null_mut());

/// The tables of this process: new ones in a forked child. Those of the parent
/// are leaked there, for nothing in them may be touched.
pub(crate) fn tables() -> &'static Tables {
    let pid = std::process::id();
    let found = TABLES.load(Ordering::Acquire);
    // SAFETY: whatever was stored there came from `Box::into_raw` and is never freed.
    let current: Option<&'static Tables> = unsafe { found.as_ref() };
    match current {
        Some(tables) if tables.pid == pid => tables,
        Some(_) | None => {
            let new = Box::into_raw(Box::new(Tables::new(pid, current)));
            match TABLES.compare_exchange(found, new, Ordering::AcqRel, Ordering::Acquire) {
                // SAFETY: it was leaked just above, and stays.
                Ok(_) => unsafe { &*new },
                Err(theirs) => {
                    // SAFETY: nobody else has seen ours; theirs was leaked by its thread.
                    unsafe {
                        drop(Box::from_raw(new));
                        &*theirs
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Opaque;

    fn code(result: Result<Arc<u8>, Error>) -> Result<u8, Code> {
        result.map(|object| *object).map_err(|error| error.code())
    }

    #[test]
    fn a_handle_finds_its_object_until_it_is_removed() {
        let table = Table::new(Kind::Session, 0);
        let handle: *mut Opaque = table.insert(Arc::new(7u8)).unwrap();
        assert_eq!(code(table.find(handle)), Ok(7));
        assert_eq!(code(table.remove(handle)), Ok(7));
        assert_eq!(code(table.find(handle)), Err(Code::InvalidHandle));
        assert_eq!(code(table.remove(handle)), Err(Code::InvalidHandle));
        let next: *mut Opaque = table.insert(Arc::new(8u8)).unwrap();
        assert_ne!(handle, next, "the slot is used again, the handle is not");
        assert_eq!(code(table.find(handle)), Err(Code::InvalidHandle));
        assert_eq!(code(table.find(next)), Ok(8));
    }

    #[test]
    fn what_is_no_handle_of_this_kind_is_refused() {
        let sessions = Table::new(Kind::Session, 0);
        let engines = Table::new(Kind::Engine, 0);
        let handle: *mut Opaque = sessions.insert(Arc::new(1u8)).unwrap();
        let object = 5u64;
        engines.insert::<Opaque>(Arc::new(1u8)).unwrap();
        for foreign in [std::ptr::null(), handle.cast_const(), std::ptr::from_ref(&object).cast()] {
            assert_eq!(code(engines.find::<Opaque>(foreign)), Err(Code::InvalidHandle));
        }
        // A guess at a generation that was never given out.
        let guess = std::ptr::without_provenance::<Opaque>(handle.addr() + (5 << GENERATION_SHIFT));
        assert_eq!(code(sessions.find(guess)), Err(Code::InvalidHandle));
    }

    #[test]
    fn a_closed_engine_and_an_inherited_one_say_so() {
        let engines = Table::new(Kind::Engine, 3);
        let handle: *mut Opaque = engines.insert(Arc::new(1u8)).unwrap();
        let child = Table::<u8>::new(Kind::Engine, 4);
        assert_eq!(code(child.find(handle)), Err(Code::Forked));
        engines.remove(handle).unwrap();
        assert_eq!(code(engines.find(handle)), Err(Code::Closed));
    }
}
