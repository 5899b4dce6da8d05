package move

// Kinds lists the records that are moved.
func Kinds() []string { return kinds() }
