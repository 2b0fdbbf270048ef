// Package imports reads the flag files of flagd and of GO Feature Flag.
//
// It takes over what can be said faithfully and refuses the rest by name: the
// flag, the field, and why. So nothing of an imported flag behaves otherwise than
// it did without somebody having read about it.
//
// One thing can never be taken over: which users are in a share, because every
// system places them by a hash of its own. A flag with shares is refused unless
// [Options.Places] says that its users may be placed anew.
//
// What these files do not have, the owner and the kind, the caller gives; and the
// safe value, for which the variant is taken that the flag serves while it is
// off or, where it has none, by default.
package imports
