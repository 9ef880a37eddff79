// Replaced by the first version.
