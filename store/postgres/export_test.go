package postgres

// What tests of the encodings need to see.
var (
	Storable       = storable
	Restored       = restored
	StorableJSON   = storableJSON
	RestoredJSON   = restoredJSON
	EncodeVelocity = encodeVelocity
	DecodeVelocity = decodeVelocity
	EncodeCounters = encodeCounters
	DecodeCounters = decodeCounters
	EncodeMetadata = encodeMetadata
	DecodeMetadata = decodeMetadata
)
