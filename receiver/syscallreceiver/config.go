package syscallreceiver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/sakerhq/saker/bpf"
	ask "github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/internal/record"
	"github.com/sakerhq/saker/internal/syscalls"
)

// Config says what is captured and how it goes out.
type Config struct {
	// Ruleset names the extension whose rules decide what is captured: the
	// calls that some rule can use, and of these the events that some rule can
	// match. Excludes Events.
	Ruleset *component.ID `mapstructure:"ruleset"`
	// Events are the event types that go out, all of them, by Falco's names
	// ("saker events" lists them). Excludes Ruleset.
	Events []string `mapstructure:"events"`
	// Scope limits what is captured to a part of the machine.
	Scope ScopeConfig `mapstructure:"scope"`
	// RingBytes is the size of the buffer between the kernel and the
	// collector: a power of two and at least a page. It counts as memory of
	// the collector.
	RingBytes int `mapstructure:"ring_bytes"`
	// Hooks says where in the kernel the end of a call is told: "per_call" on
	// each call that is captured, which makes all others half as dear, but does
	// not see calls of 32-bit programs or through their entry; "all_calls";
	// "auto": per call where the kernel has no such entry, and loses none there.
	Hooks bpf.Hooks `mapstructure:"hooks"`
	// Pushdown has the kernel leave out what no rule can be true for. Only a
	// search for a mistake in that is a reason to turn it off.
	Pushdown bool `mapstructure:"pushdown"`
	// Priority says how the thread that reads the events competes for a CPU:
	// "raised": before what else computes in the collector's group; "realtime":
	// before all other programs, on the whole machine; "normal": as all threads.
	// Without CAP_SYS_NICE, or a limit that allows it, it is normal.
	Priority Priority `mapstructure:"priority"`
	// Batch says when records are handed to the pipeline.
	Batch BatchConfig `mapstructure:"batch"`
	// Root is where the host's root directory is mounted, for a collector in a
	// container.
	Root string `mapstructure:"root"`
	// Runtimes are the sockets of the container runtimes that are asked about
	// containers, below Root. An empty list: nobody is asked there.
	Runtimes ask.Sockets `mapstructure:"runtimes"`
	// EnrichTimeout is how long the records of a container wait for what its
	// runtime and its own files tell.
	EnrichTimeout time.Duration `mapstructure:"enrich_timeout"`
	// Redact says which secrets of command lines, environments and arguments
	// the log records hide. Rules see them.
	Redact RedactConfig `mapstructure:"redact"`
	// Limits are how large a log record may become. A rule that was true of the
	// whole event stays true.
	Limits record.Limits `mapstructure:"limits"`
	// Recording is a file with kernel records to replay instead of capturing:
	// for tests, without privileges or a particular kernel. Empty: capture.
	Recording string `mapstructure:"recording"`
}

// BatchConfig says when records are handed to the pipeline: what comes first.
type BatchConfig struct {
	// MaxRecords is the number of log records that fill a batch.
	MaxRecords int `mapstructure:"max_records"`
	// MaxDelay is how long a record waits for others: at most until this long
	// after the last batch, so that one that comes after a pause doesn't wait.
	MaxDelay time.Duration `mapstructure:"max_delay"`
}

func (c *BatchConfig) validate() error {
	switch {
	case c.MaxRecords < 1:
		return errors.New("batch: max_records must be at least 1")
	case c.MaxDelay < 0:
		return errors.New("batch: max_delay must not be negative")
	}
	return nil
}

// RedactConfig says which secrets log records hide.
type RedactConfig struct {
	// WellKnown hides the forms that docs/redaction.md lists.
	WellKnown bool `mapstructure:"well_known"`
	// Patterns are further forms: regular expressions (RE2) whose groups match
	// the secrets.
	Patterns []string `mapstructure:"patterns"`
}

// redactor is what hides these secrets, nil for none.
func (c *RedactConfig) redactor() (*record.Redactor, error) {
	var forms []record.Secret
	if c.WellKnown {
		forms = append(forms, record.Secrets...)
	}
	for _, expr := range c.Patterns {
		forms = append(forms, record.Secret{Name: expr, Expr: expr})
	}
	if len(forms) == 0 {
		return nil, nil
	}
	return record.NewRedactor(forms)
}

func createDefaultConfig() component.Config {
	return &Config{
		RingBytes:     bpf.DefaultRingBytes,
		Hooks:         bpf.HooksAuto,
		Pushdown:      true,
		Priority:      PriorityRaised,
		Root:          "/",
		Runtimes:      ask.WellKnown(),
		EnrichTimeout: 500 * time.Millisecond,
		Batch:         BatchConfig{MaxRecords: 1000, MaxDelay: 10 * time.Millisecond},
		Redact:        RedactConfig{WellKnown: true},
		Limits:        record.Limits{Attributes: 128, ValueLength: 8 << 10, ArrayLength: 256},
	}
}

// Validate reports everything that is wrong with the configuration.
func (c *Config) Validate() error {
	var errs []error
	if (c.Ruleset == nil) == (len(c.Events) == 0) {
		errs = append(errs, errors.New("needs either ruleset or events"))
	}
	for _, name := range c.Events {
		if syscalls.ByName(name) == nil {
			errs = append(errs, fmt.Errorf("events: there is no event %q", name))
		}
	}
	errs = append(errs, c.Scope.validate())
	if c.RingBytes < os.Getpagesize() || c.RingBytes&(c.RingBytes-1) != 0 || c.RingBytes > maxRing {
		errs = append(errs, fmt.Errorf("ring_bytes: %d is not a power of two from %d to %d", c.RingBytes, os.Getpagesize(), maxRing))
	}
	if !slices.Contains([]bpf.Hooks{bpf.HooksAuto, bpf.HooksPerCall, bpf.HooksAllCalls}, c.Hooks) {
		errs = append(errs, fmt.Errorf("hooks: %q is none of auto, per_call, all_calls", c.Hooks))
	}
	if !slices.Contains([]Priority{PriorityRaised, PriorityRealtime, PriorityNormal}, c.Priority) {
		errs = append(errs, fmt.Errorf("priority: %q is none of raised, realtime, normal", c.Priority))
	}
	errs = append(errs, c.Batch.validate())
	if !filepath.IsAbs(c.Root) {
		errs = append(errs, fmt.Errorf("root: %q is not an absolute path", c.Root))
	}
	if err := c.Runtimes.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("runtimes: %w", err))
	}
	if c.EnrichTimeout < 0 {
		errs = append(errs, errors.New("enrich_timeout must not be negative"))
	}
	if _, err := c.Redact.redactor(); err != nil {
		errs = append(errs, fmt.Errorf("redact: %w", err))
	}
	if c.Limits.Attributes < 0 || c.Limits.ValueLength < 0 || c.Limits.ArrayLength < 0 {
		errs = append(errs, errors.New("limits: must not be negative"))
	}
	return errors.Join(errs...)
}

// maxRing is the largest ring that the kernel can map twice.
const maxRing = 1 << 30
