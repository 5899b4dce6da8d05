package iso20022

// Interrupt has a function run whatever changes the file system from now on.
func (r *Rail) Interrupt(step func(do func() error) error) { r.step = step }
