//! The calls of a journey, one file a topic.
