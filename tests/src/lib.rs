//! Process-level tests; see `e2e/`, `tidy/` and `interop/`.
