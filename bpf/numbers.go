package bpf

// unusedBit is one that no number has of which bits are told apart.
const unusedBit = 63

// numbered shows number i of a row. Where there is no room for what it can be, it is
// not told apart.
func (b *builder) numbered(w *sensorWireFacts, i int, f *NumberFacts) {
	all := &b.wire.Numbers
	if b.places+len(f.Of) > len(all.Sets) {
		return
	}
	n := sensorWireNumber{
		First: uint16(b.places), Source: uint8(f.Source), High: uint8(64 - f.Width),
		Offset: f.Offset, Size: f.Size, Ranges: uint16(len(f.From)),
	}
	if f.Signed {
		n.IsSigned = 1
	}
	switch f.Source {
	case Member:
		w.Members = 1
	case NearPort, NearAddress, FarPort, FarAddress:
		w.Ends = 1
	}
	for i := range n.Bits {
		n.Bits[i] = unusedBit
	}
	for i, bit := range f.Bits {
		n.Bits[i] = uint8(bit)
	}
	copy(all.From[b.places:], f.From)
	for _, c := range f.Of {
		all.Sets[b.places] = b.number(c)
		b.places++
	}
	w.Numbers[i] = n
}
