package record

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

func newRedactor(t testing.TB, secrets ...Secret) *Redactor {
	t.Helper()
	r, err := NewRedactor(append(slices.Clone(Secrets), secrets...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// secretTexts are texts with what stands in a record instead; "" for those
// without a secret. Tokens are put together here, so that none stands in this file.
var secretTexts = []struct{ text, want string }{
	{"tool --password hunter2 --user ana", "tool --password *** --user ana"},
	{"tool --password=hunter2", "tool --password=***"},
	{"tool --db-password 'two words' x", "tool --db-password *** x"},
	{"tool -token abc", "tool -token ***"},
	{"tool --secret-access-key x", "tool --secret-access-key ***"},
	{"tool --api_key=x", "tool --api_key=***"},
	{"tool -pass x", "tool -pass ***"},
	{"tool --password --user ana", ""},
	{"tool --password-file /run/secret", ""},
	{"tool\x00--password\x00hunter2\x00x", "tool\x00--password\x00***\x00x"},
	{"--password.hunter2.-x. env=A=b", "--password.*** env=A=b"},
	{"passwd root", ""},
	{"cat /etc/passwd", ""},
	{"docker run -v /etc/passwd:/etc/passwd x", ""},
	{"PWD=/home/ana OLDPWD=/tmp", ""},
	{"PGPASSWORD=x DB_PWD=y HOME=/root", "PGPASSWORD=*** DB_PWD=*** HOME=/root"},
	{"AWS_SECRET_ACCESS_KEY=x/y+z A=b", "AWS_SECRET_ACCESS_KEY=*** A=b"},
	{"SECRET_KEY_BASE=x", "SECRET_KEY_BASE=***"},
	{`curl -d {"user":"a","password":"x y"} u`, `curl -d {"user":"a","password":"*** y"} u`},
	{"Server=db;Password=x;User=a", "Server=db;Password=***;User=a"},
	{"git clone https://ana:hunter2@example.com/x", "git clone https://ana:***@example.com/x"},
	{"psql postgres://ana:p@ss@db/x", "psql postgres://ana:***@db/x"},
	{"wget https://example.com:8080/@x", ""},
	{"curl -H Authorization: Basic YWJj x", "curl -H Authorization: Basic *** x"},
	{"curl -H 'authorization: abc' x", "curl -H 'authorization: ***' x"},
	{"x Bearer abcdefgh.ij", "x Bearer ***"},
	{"the bearer of news", ""},
	{"aws " + "AKIA" + strings.Repeat("A1", 8) + " x", "aws AKIA*** x"},
	{"aws " + "AKIA" + strings.Repeat("A1", 9), ""},
	{"gh " + "gh" + "p_" + strings.Repeat("a", 36), "gh ghp_***"},
	{"gl " + "glp" + "at-" + strings.Repeat("a", 20), "gl glpat-***"},
	{"xo" + "xb-" + "1234567890-abc", "xoxb-***"},
	{"sk_" + "live_" + strings.Repeat("a", 24), "sk_live_***"},
	{"AI" + "za" + strings.Repeat("a", 35), "AIza***"},
	{"sk-" + "ant-" + strings.Repeat("a", 20), "sk-ant-***"},
	{"np" + "m_" + strings.Repeat("a", 36), "npm_***"},
	{"hv" + "s." + strings.Repeat("a", 24), "hvs.***"},
	{"ey" + "J" + "hbGciOiJI.abcdefghij.klm-n", "eyJhbGciOiJI.***"},
	{"-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----"},
	{"mysql -u root -phunter2 db", "mysql -u root -p*** db"},
	{"mysqldump -phunter2", "mysqldump -p***"},
	{"mysql -u root -p db", ""},
	{"mysql --port 1", ""},
	{"sshpass -p hunter2 ssh host", "sshpass -p *** ssh host"},
	{"curl -u ana:hunter2 https://example.com", "curl -u ana:*** https://example.com"},
	{"curl --user ana:hunter2 x", "curl --user ana:*** x"},
	{"redis-cli -h x -a hunter2", "redis-cli -h x -a ***"},
	{"docker login -u ana -p hunter2", "docker login -u ana -p ***"},
	{"smbclient -U ana%hunter2 //x/y", "smbclient -U ana%*** //x/y"},
	{"ls -l /tmp", ""},
	{"", ""},
	{"p", ""},
}

func TestRedact(t *testing.T) {
	r := newRedactor(t)
	for _, test := range secretTexts {
		want := test.want
		if want == "" {
			want = test.text
		}
		for _, before := range []string{"", "x "} { // literals at even and at odd places
			text := before + test.text
			if got, found := r.Redact(text); got != before+want || found != (test.want != "") {
				t.Errorf("%q: %v %q, want %q", text, found, got, before+want)
			}
		}
		if again, found := r.Redact(want); again != want || found {
			t.Errorf("%q: a second time %q", want, again)
		}
	}
}

func TestRedactAll(t *testing.T) {
	r := newRedactor(t)
	for _, test := range []struct{ list, want []string }{
		{[]string{"tool", "--password", "two words", "-x"}, []string{"tool", "--password", "***", "-x"}},
		{[]string{"tool", "-x"}, nil},
		{[]string{"--password"}, nil},
		{nil, nil},
		{[]string{"mysql", "-pX", "a\x00b"}, []string{"mysql", "-p***", "a b"}},
	} {
		if got := r.RedactAll(len(test.list), func(i int) string { return test.list[i] }); !slices.Equal(got, test.want) {
			t.Errorf("%q: %q", test.list, got)
		}
	}
	var none *Redactor
	if none.RedactAll(1, func(int) string { return "--password=x" }) != nil {
		t.Error("a redactor that is none hides")
	}
}

func TestRedactorRefuses(t *testing.T) {
	for _, s := range []Secret{
		{Name: "x", Expr: "(", Literals: []string{"abc"}},
		{Name: "x", Expr: "abc", Literals: []string{"abc"}},
		{Name: "x", Expr: "(a)b", Literals: []string{"ab"}},
	} {
		if _, err := NewRedactor([]Secret{s}); !errors.Is(err, ErrPattern) {
			t.Errorf("%s: %v", s.Expr, err)
		}
	}
	if _, err := NewRedactor(make([]Secret, formsMax+1)); !errors.Is(err, ErrPattern) {
		t.Error("too many forms")
	}
}

func TestOwnPattern(t *testing.T) {
	r := newRedactor(t, Secret{Name: "own", Expr: `card (\d+)`})
	if got, found := r.Redact("card 4711"); got != "card ***" || !found {
		t.Error(got)
	}
}

// FuzzRedact: nothing outside of a mask is lost, and a text is hidden once and
// for all.
func FuzzRedact(f *testing.F) {
	r := newRedactor(f)
	for _, test := range secretTexts {
		f.Add(test.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		clean, found := r.Redact(text)
		if !found && clean != text {
			t.Errorf("%q changed to %q", text, clean)
		}
		if r.possible(text) == 0 && found {
			t.Errorf("%q: found without a literal", text)
		}
		for _, form := range r.forms { // the look at pairs must not hide a form
			if strings.ContainsAny(text, "\u017f\u212a") {
				break // in any case, these are an s and a k to a pattern
			}
			if _, hit := hide(form, text); hit && !found {
				t.Errorf("%q: %s was not tried", text, form)
			}
		}
		for part := range strings.SplitSeq(clean, mask) {
			if !strings.Contains(text, part) {
				t.Errorf("%q: %q is not of the text", clean, part)
			}
		}
	})
}

func BenchmarkRedactNothing(b *testing.B) {
	r := newRedactor(b)
	const line = "/usr/bin/containerd-shim-runc-v2 -namespace moby -id 3ad7b26ded6d8e7b23da7d48fe88 -address /run/containerd/containerd.sock"
	b.ReportAllocs()
	for b.Loop() {
		if _, found := r.Redact(line); found {
			b.Fatal("found a secret")
		}
	}
}

func TestRedactionDoc(t *testing.T) {
	const file = "../../docs/redaction.md"
	if *update {
		if err := os.WriteFile(file, []byte(Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(doc) != Markdown() {
		t.Errorf("%s is old (-update writes it)", file)
	}
}
