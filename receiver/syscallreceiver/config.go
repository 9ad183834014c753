package syscallreceiver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/config"
	ask "github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/internal/record"
	"github.com/sakerhq/saker/internal/similar"
	"github.com/sakerhq/saker/internal/syscalls"
)

// Config says what is captured and how it goes out. The page docs/configuration.md
// is made of these comments.
type Config struct {
	// Ruleset names the extension whose rules decide what is captured: the calls
	// that some rule can use, and of their events those that some rule can match.
	// Either this or [Config.Events] must be set; take this one where rules are
	// asked, here or later.
	Ruleset *component.ID `mapstructure:"ruleset"`
	// Events are the types of events that go out, each of them, whatever the rules,
	// by Falco's names (docs/events.md). For looking at a machine or feeding a
	// store: busy types can be some hundred thousand records a second.
	Events []string `mapstructure:"events"`
	// Scope limits what is captured to a part of the machine; the kernel leaves out
	// the rest. Nothing named: all of it.
	Scope ScopeConfig `mapstructure:"scope"`
	// RingBytes is the size of the ring buffer between the kernel and the
	// collector, in bytes: a power of two, from a page (4096) to 1 GiB. It must hold
	// what happens while the collector gets no CPU; the default, 8 MiB, are some
	// 33,000 opens. Double it while the metric receiver_syscall_lost_records grows
	// by ring_full. It counts as memory of the collector.
	RingBytes int `mapstructure:"ring_bytes"`
	// Hooks says where in the kernel the end of a call is told. "saker doctor" says
	// what a kernel lets choose.
	Hooks bpf.Hooks `mapstructure:"hooks"`
	// Pushdown has the kernel leave out what no rule can be true for ("saker
	// pushdown" lists it). Turn it off only to search for a mistake in that: all
	// that is captured then costs a record in the ring.
	Pushdown bool `mapstructure:"pushdown"`
	// Priority says how the thread that reads events competes for a CPU: what
	// happens while it waits for one must find room in the ring. Without
	// CAP_SYS_NICE, or a limit that allows it, it is normal.
	Priority Priority `mapstructure:"priority"`
	// Batch says when records are handed to the pipeline: at what comes first.
	Batch BatchConfig `mapstructure:"batch"`
	// Root is where the host's root directory is mounted, an absolute path: all that
	// is read of the host's files and sockets is below it. Set it for a collector in a
	// container, as to /host.
	Root string `mapstructure:"root"`
	// Runtimes are the sockets of container runtimes that are asked about
	// containers, below [Config.Root], by the API they speak. The default is where
	// distributions have them; an empty list: nobody is asked there. In a path {uid}
	// is the number of the user whose containers are asked about.
	Runtimes ask.Sockets `mapstructure:"runtimes"`
	// EnrichTimeout is how long the records of a container wait for what its
	// runtime and its own files tell, from 1ms; then they go out with
	// saker.enrichment=incomplete. Runtimes answer within some milliseconds: raise it
	// where the metric receiver_syscall_enrichment_timeouts grows; 0s: records don't
	// wait.
	EnrichTimeout time.Duration `mapstructure:"enrich_timeout"`
	// Redact says which secrets of command lines, environments and arguments the
	// log records hide. Rules see them.
	Redact RedactConfig `mapstructure:"redact"`
	// Limits are how large a log record may become; 0 sets no limit. A rule that was
	// true of the whole event stays true.
	Limits record.Limits `mapstructure:"limits"`
	// Recording is a file with kernel records to replay instead of capturing: for
	// tests, without privileges or a particular kernel.
	Recording string `mapstructure:"recording"`
}

// Unmarshal reads the configuration; the Collector calls it.
func (c *Config) Unmarshal(conf *confmap.Conf) error { return config.Unmarshal(conf, c) }

// BatchConfig says when records are handed to the pipeline: what comes first.
type BatchConfig struct {
	// MaxRecords is the number of log records that fill a batch, from 1. More cost
	// memory, and less for each record downstream.
	MaxRecords int `mapstructure:"max_records"`
	// MaxDelay is how long a record waits for others: until this long after the
	// last batch, so that one that comes after a pause doesn't wait. By default a
	// storm makes a hundred batches a second; from 1ms, or 0s: each look at the ring
	// makes a batch.
	MaxDelay time.Duration `mapstructure:"max_delay"`
}

// Validate reports what is wrong with the section.
func (c *BatchConfig) Validate() error {
	var tooFew error
	if c.MaxRecords < 1 {
		tooFew = fmt.Errorf("max_records: %d is less than 1", c.MaxRecords)
	}
	return config.Join(tooFew, config.Delay("max_delay", c.MaxDelay))
}

// RedactConfig says which secrets log records hide.
type RedactConfig struct {
	// WellKnown hides the forms of secrets that docs/redaction.md lists.
	WellKnown bool `mapstructure:"well_known"`
	// Patterns are further forms of secrets: regular expressions (RE2) with groups
	// that match what is to be hidden.
	Patterns []string `mapstructure:"patterns"`
}

// Validate reports a pattern that is none.
func (c *RedactConfig) Validate() error {
	_, err := c.redactor()
	return err
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

// Validate reports what is wrong beside what its sections report themselves.
func (c *Config) Validate() error {
	return config.Join(
		c.validateChoice(),
		c.validateRing(),
		config.OneOf("hooks", c.Hooks, bpf.HooksAuto, bpf.HooksPerCall, bpf.HooksAllCalls),
		config.OneOf("priority", c.Priority, PriorityRaised, PriorityRealtime, PriorityNormal),
		config.Delay("enrich_timeout", c.EnrichTimeout),
		c.validateRoot(),
	)
}

func (c *Config) validateChoice() error {
	switch {
	case c.Ruleset == nil && len(c.Events) == 0:
		return errors.New("needs ruleset, the extension whose rules decide what is captured, or events")
	case c.Ruleset != nil && len(c.Events) > 0:
		return errors.New("ruleset and events exclude each other: leave out one")
	}
	var errs []error
	for _, name := range c.Events {
		if syscalls.ByName(name) == nil {
			errs = append(errs, unknownEvent(name))
		}
	}
	return config.Join(errs...)
}

func unknownEvent(name string) error {
	names := func(yield func(string) bool) {
		for _, row := range syscalls.Rows() {
			if !yield(row.Name) {
				return
			}
		}
	}
	if meant := similar.To(name, names); meant != "" {
		return fmt.Errorf("events: there is no event %q: did you mean %s?", name, meant)
	}
	return fmt.Errorf("events: there is no event %q: saker events lists those there are", name)
}

func (c *Config) validateRing() error {
	if page := os.Getpagesize(); c.RingBytes < page || c.RingBytes&(c.RingBytes-1) != 0 || c.RingBytes > maxRing {
		return fmt.Errorf("ring_bytes: %d is not a power of two from %d to %d", c.RingBytes, page, maxRing)
	}
	return nil
}

func (c *Config) validateRoot() error {
	if !filepath.IsAbs(c.Root) {
		return fmt.Errorf("root: %q is not an absolute path, as /host", c.Root)
	}
	return nil
}

// maxRing is the largest ring that the kernel can map twice.
const maxRing = 1 << 30
