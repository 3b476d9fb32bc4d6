//! What is different between an old and a new value, for the eye.
