package bpf

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sakerhq/saker/internal/syscalls"
)

func TestCaptures(t *testing.T) {
	none := PlaceNowhere
	for name, want := range map[string][]Capture{
		"close":  nil,
		"getuid": nil,
		"openat": {
			{Kind: CaptureFile, Arg: PlaceResult}, {Kind: CaptureFile, Arg: 0}, {Kind: CapturePath, Arg: 1, Aux: 0},
		},
		"dup2": {{Kind: CaptureFile, Arg: PlaceResult}, {Kind: CaptureFile, Arg: 0}, {Kind: CaptureFile, Arg: 1}},
		"pipe": {
			{Kind: CaptureFileAt, Arg: 0, Aux: 4, Out: 1},
			{Kind: CaptureFileAt, Arg: 0, Aux: 0, Out: 1},
			{Kind: CaptureStruct, Arg: 0, Aux: none, Max: 8, Out: 1},
		},
		"semop":  {{Kind: CaptureStruct, Arg: 1, Aux: 2, Unit: 6, Max: 12}},
		"poll":   {{Kind: CaptureBytes, Arg: 0, Aux: 1, Unit: 8, Max: SnapLen, Out: 1}},
		"writev": {{Kind: CaptureFile, Arg: 0}, {Kind: CaptureIovec, Arg: 1, Aux: 2, Max: SnapLen}},
		"prctl":  {{Kind: CaptureString, Arg: 1, Aux: none, Only: 1 << 15, When: 0}},
		"fsconfig": {
			{Kind: CaptureFile, Arg: 0},
			{Kind: CaptureString, Arg: 2, Aux: none},
			{Kind: CaptureBytes, Arg: 3, Aux: 4, Max: SnapLen, Only: 1 << 2, When: 1},
			{Kind: CaptureString, Arg: 3, Aux: none, Only: 1<<1 | 1<<3 | 1<<4, When: 1},
		},
	} {
		if diff := cmp.Diff(want, Captures(syscalls.ByName(name)), cmp.AllowUnexported(Capture{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestEveryRowFits checks what the kernel programs have room for.
func TestEveryRowFits(t *testing.T) {
	spec, err := loadSensor()
	if err != nil {
		t.Fatal(err)
	}
	room := int(spec.Maps["rows"].MaxEntries)
	for n, row := range syscalls.Rows() {
		w, err := wireRow(row, false)
		if err != nil {
			t.Error(err)
		}
		if n >= room || w.Nargs > 6 {
			t.Errorf("row %d %s with %d arguments", n, row.Name, w.Nargs)
		}
	}
}
