package syscalls

import "runtime"

// Values are the names that a parameter's numbers have, in Falco's order.
// Falco numbers most flags anew, so that they are the same on every machine;
// rules and outputs see Falco's number, evt.arg.flags=4097(O_RDONLY|O_CLOEXEC).
type Values struct {
	// Enum: a number has the names of the one value that it equals. Otherwise
	// it is a set of bits.
	Enum bool
	List []Value
	// None is Falco's number of what List doesn't know.
	None uint64
	// Same: what List doesn't know keeps the kernel's number instead.
	Same bool
}

// Value is one flag or enumerated value. The kernel's number n has it when
// n & Mask == Is.
type Value struct {
	Name     string
	Mask, Is uint64
	Falco    uint64
}

// Bits that no call has: state adds them to a parameter from what the kernel
// told about the file.
const (
	FileUpper = 1 << 33 // overlay: in the upper layer
	FileLower = 1 << 34 // overlay: in a lower layer

	FileCreated = 1 << 35 // made by the open
)

// Falco gives the kernel's number in Falco's numbering.
func (v *Values) Falco(kernel uint64) uint64 {
	var number uint64
	found := false
	for i := range v.List {
		f := &v.List[i]
		if kernel&f.Mask != f.Is {
			continue
		}
		if v.Enum {
			return f.Falco
		}
		number |= f.Falco
		found = true
	}
	switch {
	case found:
		return number
	case v.Same:
		return kernel
	}
	return v.None
}

// AppendNames appends the names of a number of Falco's numbering, with | in
// between, to dst: as in evt.args, nothing for a number without a name. The
// order and the treatment of values that share bits are Falco's.
func (v *Values) AppendNames(dst []byte, number uint64) []byte {
	start, rest := len(dst), number
	for i := range v.List {
		f := &v.List[i]
		exact := f.Falco == number
		if !exact && (v.Enum || f.Falco == 0 || rest&f.Falco != f.Falco) {
			continue
		}
		if len(dst) > start {
			dst = append(dst, '|')
		}
		dst = append(dst, f.Name...)
		if exact && !v.Enum {
			return dst
		}
		rest &^= f.Falco
	}
	return dst
}

// bit is a flag that is one bit, or several that must all be set; none: this
// architecture's kernel has no such flag.
func bit(name string, kernel, falco uint64) Value {
	if kernel == 0 {
		return absent(name, falco)
	}
	return Value{Name: name, Mask: kernel, Is: kernel, Falco: falco}
}

// same is a flag that Falco does not renumber.
func same(name string, n uint64) Value { return bit(name, n, n) }

// one is an enumerated value.
func one(name string, kernel, falco uint64) Value {
	return Value{Name: name, Mask: ^uint64(0), Is: kernel, Falco: falco}
}

// absent is a name of Falco's that no number of the kernel has.
func absent(name string, falco uint64) Value {
	return Value{Name: name, Mask: 0, Is: 1, Falco: falco}
}

// counted are enumerated values from 0 up, the same for Falco.
func counted(names ...string) *Values {
	v := &Values{Enum: true, Same: true}
	for i, name := range names {
		v.List = append(v.List, one(name, uint64(i), uint64(i)))
	}
	return v
}

// onARM picks between the numbers of the Arm architectures and those of x86.
func onARM(arm, x86 uint64) uint64 {
	if runtime.GOARCH == "arm64" || runtime.GOARCH == "arm" {
		return arm
	}
	return x86
}
