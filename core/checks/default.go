package checks

import "context"

// The default instances. Libraries register with them at init, so that the program need not.
var (
	defaultRegistry Registry
	defaultSet      Set
)

// DefaultRegistry returns the registry that the package's functions use.
func DefaultRegistry() *Registry { return &defaultRegistry }

// DefaultSet returns the set that [AddCheck] and [Run] use.
func DefaultSet() *Set { return &defaultSet }

// Register is [Registry.Register] on the default registry.
func Register(key, app string, level Level) error { return defaultRegistry.Register(key, app, level) }

// CodeOf is [Registry.Code] on the default registry.
func CodeOf(key string) (Code, error) { return defaultRegistry.Code(key) }

// Make is [Registry.Make] on the default registry.
func Make(key, message, hint string, object any) (Message, error) {
	return defaultRegistry.Make(key, message, hint, object)
}

// Retire is [Registry.Retire] on the default registry.
func Retire(key string) error { return defaultRegistry.Retire(key) }

// All is [Registry.All] on the default registry.
func All() []Entry { return defaultRegistry.All() }

// Find is [Registry.Find] on the default registry.
func Find(id string) (Entry, bool) { return defaultRegistry.Find(id) }

// UseLock is [Registry.UseLock] on the default registry.
func UseLock(l *Lock) error { return defaultRegistry.UseLock(l) }

// Seal is [Registry.Seal] on the default registry.
func Seal() { defaultRegistry.Seal() }

// Reset is [Registry.Reset] on the default registry.
func Reset() { defaultRegistry.Reset() }

// AddCheck is [Set.Add] on the default set.
func AddCheck(c Check) error { return defaultSet.Add(c) }

// Run runs the checks of the default set over [fault.Default], without polyfault's own. See [Set.Run] for results and
// errors, and [RunFor] for the checks that polyfault brings.
func Run(ctx context.Context, opts Options) (Result, error) {
	return defaultSet.Run(ctx, SubjectOf(nil, opts.Kinds), opts)
}
