package sign

// CacheNamespace is that of signatures of changes of a cache's format: one of a
// plan is none of a format, and the other way round.
const CacheNamespace = "underpin-cache-v1"

// CacheStatement is what a person signs where the format of a cache changes in
// code, of which no plan knows: from which format, to which, in one role.
type CacheStatement struct {
	Cache string `json:"cache"`
	// Before and After are digests of the keys and values, as they were and as
	// they come; After is "none" where nothing of the cache is declared any more.
	// A cache that is new changes no format, and nobody signs it.
	Before string `json:"before"`
	After  string `json:"after"`
	Claim
}

// ofCache is the kind of [CacheStatement].
var ofCache = kind[CacheStatement]{"underpin cache sign-off 1", claimed(func(s *CacheStatement) *Claim { return &s.Claim },
	text("cache", cacheName, func(s *CacheStatement) *string { return &s.Cache }),
	text("before", digest, func(s *CacheStatement) *string { return &s.Before }),
	text("after", orNone, func(s *CacheStatement) *string { return &s.After }),
)}

// Text returns the canonical text, which is what is signed, or an error that
// names a field which cannot stand in it.
func (s CacheStatement) Text() ([]byte, error) { return ofCache.text(s) }

// Namespace is [CacheNamespace].
func (s CacheStatement) Namespace() string { return CacheNamespace }

func (s CacheStatement) fileName() string { return string(s.Role) + "." + s.Signer }

// ParseCacheStatement reads a statement. Only the canonical text is one.
func ParseCacheStatement(raw []byte) (CacheStatement, error) { return ofCache.parse(raw) }
