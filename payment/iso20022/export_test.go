package iso20022

// Interrupt has a function run whatever changes the file system from now on, given
// what it does to which paths: make, draft, write, rename, remove, sync.
func (r *Rail) Interrupt(step func(do func() error, deed string, paths ...string) error) {
	r.disk.step = step
}
