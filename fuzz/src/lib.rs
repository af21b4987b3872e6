//! What the fuzz targets do, as functions.

pub mod bodies;
