package rules

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/rules/internal/pattern"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// maxConstant is how many bytes a constant may have in Falco.
const maxConstant = 255

// newTester makes the test of one constant of an operator on a type.
func newTester(t field.Type, op syntax.OpCode, text string) (tester, error) {
	if len(text) > maxConstant {
		return nil, fmt.Errorf("filter parameter too long: %d bytes, %d at most", len(text), maxConstant)
	}
	switch types[t].class {
	case stringClass:
		return newTextTester(op, text)
	case bytesClass:
		return newBytesTester(op, text)
	case boolClass:
		return newBoolTester(op, text)
	case addressClass:
		return newAddressTester(t, op, text)
	}
	if t == field.Double {
		n, err := parseInteger(text)
		return &floatTest{op, float64(int64(n))}, err
	}
	n, err := parseNumber(t, text)
	return &numberTest{op, types[t].signed, n}, err
}

func newTextTester(op syntax.OpCode, text string) (tester, error) {
	if op == syntax.OpRegex {
		re, err := pattern.Regex(text)
		return &regexTest{re}, err
	}
	return &textTest{op, text}, nil
}

func newBytesTester(op syntax.OpCode, text string) (tester, error) {
	if op == syntax.OpBContains || op == syntax.OpBStartsWith {
		raw, err := hex.DecodeString(text)
		if err != nil {
			return nil, errors.New("bcontains and bstartswith operator support hex strings only")
		}
		text = string(raw)
	}
	return &textTest{op, text}, nil
}

func newBoolTester(op syntax.OpCode, text string) (tester, error) {
	switch text {
	case "true":
		return &numberTest{op, false, 1}, nil
	case "false":
		return &numberTest{op, false, 0}, nil
	}
	return nil, fmt.Errorf("unrecognized boolean value %s: it must be true or false", text)
}

func newAddressTester(t field.Type, op syntax.OpCode, text string) (tester, error) {
	if t == field.IPNet {
		network, err := parseNetwork(text)
		return &networkTest{op != syntax.OpNE, []netip.Prefix{network}}, err
	}
	address, err := parseAddress(t, text)
	return &addressTest{op != syntax.OpNE, address}, err
}

// parseAddress reads an address of the family that the type asks for, or that
// the text looks like.
func parseAddress(t field.Type, text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	v4 := t == field.IPv4Addr || t == field.IPAddr && strings.Contains(text, ".")
	switch {
	case v4 && (err != nil || !a.Is4()):
		return a, fmt.Errorf("unrecognized IPv4 address %s", text)
	case !v4 && (err != nil || !a.Is6() || a.Zone() != ""):
		return a, fmt.Errorf("unrecognized IPv6 address %s", text)
	}
	return a, nil
}

func parseNetwork(text string) (netip.Prefix, error) {
	address, bits, slash := strings.Cut(text, "/")
	a, err := netip.ParseAddr(address)
	if !slash || err != nil || a.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("unrecognized IP network %s", text)
	}
	n, err := strconv.ParseUint(bits, 10, 32)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%s is not a valid number", bits)
	}
	if n > uint64(a.BitLen()) {
		return netip.Prefix{}, fmt.Errorf("invalid netmask %d", n)
	}
	return netip.PrefixFrom(a, int(n)).Masked(), nil
}

// parseNumber reads a decimal number and cuts it to the type's width as C does.
func parseNumber(t field.Type, text string) (uint64, error) {
	if t == field.Port {
		return parsePort(text)
	}
	signed := types[t].signed
	var n uint64
	var err error
	if signed || strings.HasPrefix(text, "-") {
		n, err = parseInteger(text)
	} else {
		n, err = strconv.ParseUint(strings.TrimPrefix(text, "+"), 10, 64)
	}
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%s is not a valid number", text)
	}
	unused := 64 - types[t].bits
	if signed {
		return uint64(int64(n<<unused) >> unused), nil
	}
	return n << unused >> unused, nil
}

// parseInteger reads a signed number; beyond the range it is the nearest one.
func parseInteger(text string) (uint64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%s is not a valid number", text)
	}
	return uint64(n), nil
}

// parsePort reads a number or the name of a service.
func parsePort(text string) (uint64, error) {
	if text != "" && strings.Trim(text, "0123456789") == "" {
		n, _ := strconv.ParseUint(text, 10, 64)
		return n & 0xffff, nil
	}
	for _, network := range []string{"tcp", "udp"} {
		if n, err := net.LookupPort(network, text); err == nil && text != "" && !strings.ContainsAny(text[:1], "+-0123456789") {
			return uint64(n), nil
		}
	}
	return 0, fmt.Errorf("unrecognized protocol %s", text)
}

// newSet makes one test of many constants: "in", or "=" of any of them.
func newSet(t field.Type, constants []syntax.Constant) (tester, int, error) {
	if len(constants) == 0 {
		return never{}, 0, nil
	}
	if isText(t) || t == field.ByteBuf {
		set := textSet{}
		for i, c := range constants {
			if len(c.Text) > maxConstant {
				_, err := newTester(t, syntax.OpEq, c.Text)
				return nil, i, err
			}
			set[c.Text] = struct{}{}
		}
		return set, 0, nil
	}
	var tests []tester
	numbers, networks := numberSet{}, &networkTest{inside: true}
	for i, c := range constants {
		k, err := newTester(t, syntax.OpEq, c.Text)
		if err != nil {
			return nil, i, err
		}
		switch k := k.(type) {
		case *numberTest:
			numbers[k.n] = struct{}{}
		case *networkTest:
			networks.networks = append(networks.networks, k.networks...)
		default:
			tests = append(tests, k)
		}
	}
	switch {
	case len(numbers) > 0:
		return numbers, 0, nil
	case len(networks.networks) > 0:
		return networks, 0, nil
	}
	return &countTest{syntax.AnyOf, tests}, 0, nil
}
