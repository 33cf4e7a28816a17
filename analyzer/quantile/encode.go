package quantile

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrDamaged is wrapped by the errors of UnmarshalBinary and Track.UnmarshalBinary.
var ErrDamaged = errors.New("damaged encoding")

// version is the first byte of the encoding of a Summary, trackVersion that of a Track. A change of a format gets a new one.
const (
	version      = 1
	trackVersion = 3
)

// MarshalBinary returns the canonical encoding: two summaries of the same values have the same bytes, however the values
// arrived. It is the version, the samples, the maximum, the common weight (0 when they differ), and for every value in
// rising order its distance from the one before and its seconds (its samples where the weight is common), as varints.
func (s *Summary) MarshalBinary() ([]byte, error) {
	out := binary.AppendUvarint([]byte{version}, uint64(s.Samples()))
	out = binary.AppendUvarint(out, uint64(s.Max()))
	unit := max(0, s.weight)
	out = binary.AppendUvarint(out, uint64(unit))
	unit = max(1, unit)
	last := int32(0)
	s.Each(func(value int32, seconds int64) {
		out = binary.AppendUvarint(out, uint64(value-last))
		out = binary.AppendUvarint(out, uint64(seconds/unit))
		last = value
	})
	return out, nil
}

// UnmarshalBinary sets s to what MarshalBinary encoded. It refuses, wrapping ErrDamaged, whatever MarshalBinary would not
// have written.
func (s *Summary) UnmarshalBinary(data []byte) error {
	if len(data) == 0 || data[0] != version {
		return fmt.Errorf("quantile: first byte is not version %d: %w", version, ErrDamaged)
	}
	r := reader{rest: data[1:]}
	samples, top, unit := r.number(), r.number(), r.number()
	var out Summary
	value, total := uint64(0), uint64(0)
	for first := true; len(r.rest) > 0; first = false {
		step, amount := r.number(), r.number()
		value += step
		total += min(amount, 1<<62)
		if r.bad || step == 0 && !first || step > Limit || value > Limit || amount == 0 || total > 1<<62/max(1, unit) {
			return fmt.Errorf("quantile: value %d: %w", value, ErrDamaged)
		}
		out.spread()
		out.at(uint16(value), uint16(value))
		out.counts[value] = int64(amount * max(1, unit))
		out.seconds += out.counts[value]
	}
	switch {
	case r.bad, unit > 0 && total != samples, samples > total, (samples == 0) != (total == 0), samples == 0 && (top != 0 || unit != 0):
		return fmt.Errorf("quantile: %d samples of %d: %w", samples, total, ErrDamaged)
	case samples > 0 && (min(top, Limit) != value || top > 1<<31-1):
		return fmt.Errorf("quantile: maximum %d: %w", top, ErrDamaged)
	}
	out.samples, out.max, out.weight = int64(samples), int32(top), int64(unit)
	if samples > 0 && unit == 0 {
		out.weight = -1
	}
	*s = out
	return nil
}

// reader takes canonical varints off the front of bytes; bad is set once they cannot be.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) number() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || n > 1 && r.rest[n-1] == 0 { // a longer spelling of the same number is not canonical
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}
