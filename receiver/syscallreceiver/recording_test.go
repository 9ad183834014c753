package syscallreceiver

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sakerhq/saker/bpf"
)

// recordingOf is the bytes of a recording.
func recordingOf(records ...[]byte) []byte {
	out := binary.NativeEndian.AppendUint64([]byte(recordingMagic), fingerprint())
	for _, r := range records {
		out = binary.NativeEndian.AppendUint64(out, uint64(len(r)))
		out = append(out, r...)
	}
	return out
}

func openBytes(t testing.TB, content []byte) (*recording, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.rec")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return openRecording(path)
}

func TestRecording(t *testing.T) {
	otherTable := recordingOf()
	otherTable[8]++
	long := recordingOf()
	long = binary.NativeEndian.AppendUint64(long, recordMax+1)
	whole := recordingOf([]byte("first"), nil, []byte("third"))
	for _, c := range []struct {
		name    string
		content []byte
		want    []string
		open    error
		read    error
	}{
		{name: "nothing"},
		{name: "no records", content: recordingOf()},
		{name: "records", content: whole, want: []string{"first", "", "third"}},
		{name: "another file", content: []byte("a text that is longer than a header"), open: errNoRecording},
		{name: "less than a header", content: whole[:12], open: errNoRecording},
		{name: "another table", content: otherTable, open: errOtherTable},
		{name: "cut in a length", content: whole[:16+3], read: errRecordingEnd},
		{name: "cut after a length", content: whole[:16+8], read: errRecordingEnd},
		{name: "cut in a record", content: whole[:16+8+2], read: errRecordingEnd},
		{name: "a length that can't be", content: long, read: errLongRecord},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := openBytes(t, c.content)
			if !errors.Is(err, c.open) {
				t.Fatalf("open: %v, want %v", err, c.open)
			}
			if c.open != nil {
				return
			}
			defer r.Close()
			var got []string
			n, err := r.Read(func(raw bpf.Raw) { got = append(got, string(raw)) })
			if !errors.Is(err, c.read) {
				t.Fatalf("read: %v, want %v", err, c.read)
			}
			if n != len(c.want) || len(got) != len(c.want) {
				t.Fatalf("%d records, %q; want %q", n, got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("record %d is %q, want %q", i, got[i], c.want[i])
				}
			}
		})
	}
}

func TestRecordingClose(t *testing.T) {
	r, err := openBytes(t, recordingOf([]byte("only")))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(func(bpf.Raw) {}); n != 1 || err != nil {
		t.Fatalf("%d records, %v", n, err)
	}
	time.AfterFunc(5*time.Millisecond, func() { _ = r.Close() })
	for err == nil {
		_, err = r.Read(func(bpf.Raw) { t.Error("a record after the end") })
	}
	if !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

// FuzzRecording reads foreign bytes: whatever they are, it must end with
// records that lie in them or with an error.
func FuzzRecording(f *testing.F) {
	f.Add(recordingOf([]byte("first"), nil, []byte("third")))
	f.Add(recordingOf())
	f.Add([]byte{})
	f.Add(binary.NativeEndian.AppendUint64(recordingOf(), 1<<63))
	f.Fuzz(func(t *testing.T, content []byte) {
		r, err := openBytes(t, content)
		if err != nil {
			return
		}
		defer r.Close()
		for {
			n, err := r.Read(func(raw bpf.Raw) {
				if !bytes.Contains(content, raw) {
					t.Errorf("record %q is not in the file", raw)
				}
			})
			if n == 0 || err != nil {
				return
			}
		}
	})
}
