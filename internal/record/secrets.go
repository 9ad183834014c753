package record

// Secret is one form in which programs are told secrets. Expr is a regular
// expression (RE2); what its groups match is the secret. It is asked about
// texts as they stand in scripts and on lines, with quotes and blanks, and about
// lists of arguments, where a NUL stands before each argument.
type Secret struct {
	Name string
	// Literals are texts of three bytes or more, in any case: where none of
	// them occurs the form can't either. Without any, every text is searched.
	Literals []string
	Expr     string
}

// What the names of options and variables that hold secrets end in.
const (
	secretKeys  = `(?:api|access|secret|private|encryption|signing|account|auth|master|license)[-_.]?key(?:[-_.]?base)?`
	secretWords = `(?:password|passwd|passphrase|passcode|secret|token|credentials?|` + secretKeys + `)`
	// secretVariables are those of variables, of which pwd alone is none.
	secretVariables = `(?:` + secretWords + `|(?:\b|[_.-]|admin|auth|db|ftp|login|mail|my|pg|proxy|root|smtp|sql|user)pass|[a-z][_.-]pwd)`
	secretNames     = `(?:[\w-]*[-_])?(?:` + secretWords + `|pass|pwd)`
)

// How secrets are written in scripts and on lines.
const (
	quoted = `"((?:[^"\\\x00]|\\[^\x00])*)"|'([^'\x00]*)'`
	// escaped is quoted within quotes; opened was cut before its end.
	escaped = `\\"([^"\\\x00]*)\\"`
	opened  = `["']([^"'\x00]+)`
	word    = `(?:` + quoted + `|([^\s\x00"'-][^\s\x00"']*)|` + opened + `)`
	value   = `(?:` + quoted + `|` + escaped + `|([^\s\x00"'\\,;&]+)|` + opened + `)`
	// notPath is value, but for what begins like a path.
	notPath = `(?:` + quoted + `|` + escaped + `|([^\s\x00"'\\,;&/][^\s\x00"'\\,;&]*)|` + opened + `)`
	scheme  = `(?:(?:apikey|aws4-hmac-sha256|basic|bearer|digest|negotiate|token)\s+)?`
)

// header is a header that ends at the end of its argument or quotes; where it
// has none, its secret has no blanks.
func header(name, before string) string {
	before = name + `:\s{0,3}` + before
	return `(?i)(?:"[\w-]*` + before + `((?:[^"\\\x00]|\\[^\x00])*)"|'[\w-]*` + before + `([^'\x00]*)'|\x00(?:-H)?[\w-]*` + before +
		`([^\x00]+)|\b` + before + `([^\s\x00"'\\,;]+))`
}

// gap is what stands between an option and its value.
type gap struct{ list, line string }

var (
	attached = gap{"", ""}
	either   = gap{`(?:[=\x00])?`, `[ \t=]*`}
	apart    = gap{`\x00`, `[ \t]+`}
)

// option is an option of some programs, with what stands before the secret in
// its value.
func option(programs, names string, g gap, before string) string {
	names = `(?:` + names + `)`
	return `\b(?:` + programs + `)(?:(?:\x00[^\x00]*)*?\x00` + names + g.list + before + `([^\x00-][^\x00]*)` +
		`|\s(?:[^|;&\n\x00]*?\s)?` + names + g.line +
		`(?:"` + before + `((?:[^"\\\x00]|\\[^\x00])*)"|'` + before + `([^'\x00]*)'|` + before + `([^\s\x00"'-][^\s\x00"']*)))`
}

const (
	beforeColon   = `[^\s\x00:"']+:`
	beforePercent = `[^\s\x00%"']+%`
	beforeEqual   = `[^\s\x00="']+=`
)

var secretLiterals = []string{"pass", "_pwd", "-pwd", ".pwd", "secret", "token", "credential", "key"}

// Secrets are the well-known forms.
var Secrets = []Secret{
	{"option", secretLiterals, `(?i)(?:^|[^\w-])--?` + secretNames + `(?:\x00([^\x00-][^\x00]*)|[ \t]+` + word + `|=` + word + `)`},
	// The rest of an argument is the secret, whatever blanks it has; but not that of a script.
	{
		"argument", secretLiterals,
		`(?i)\x00-[a-z]*c\x00[^\x00]*|\x00(?:--?` + secretNames + `|\w*?(?:` + secretWords + `|_pass|_pwd))=([^\x00]+)`,
	},
	{"assignment", secretLiterals, `(?i)` + secretVariables + `(?:\\?["'])?(?:=|\s{1,3}=\s{1,3})` + value},
	{"member", secretLiterals, `(?i)(?:^|[^/\w.-])[\w.-]*?` + secretVariables + `(?:\\?["'])?\s{0,3}:\s{0,3}` + notPath},
	// Of a path, doubled slashes are one.
	{"URL", []string{"://", "http:/", "https:/", "ftp:/"}, `(?i)[a-z][a-z0-9+.-]*:/{1,2}[^\s\x00/@:]*:([^\s\x00/]+)@`},
	{"signed URL", []string{"sig=", "signature="}, `(?i)[?&;](?:sig|(?:x-[a-z]+-)?signature)=([^&\s\x00"']+)`},
	{"authorization header", []string{"authorization"}, header(`authorization`, scheme)},
	{"authorization", []string{"authorization"}, `(?i)authorization(?:\\?["'])?\s{0,3}[:=]\s{0,3}(?:\\?["'])?` + scheme + `([^\s\x00"'\\,;]+)`},
	{"cookie", []string{"cookie:"}, header(`cookie`, ``)},
	{"bearer token", []string{"bearer"}, `(?i)\bbearer[\s\x00]+([a-z0-9._~+/=-]{8,})`},
	{"AWS key", []string{"AKIA", "ASIA"}, `\b(?:AKIA|ASIA)([A-Z0-9]{16})\b`},
	{"AWS setting", []string{"aws_se"}, `(?i)\baws_(?:secret_access_key|session_token)(?:\x00([^\x00]+)|[ \t]+` + word + `)`},
	{"GitHub token", []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"}, `\b(?:gh[pousr]_|github_pat_)([A-Za-z0-9_]{20,})`},
	{"GitLab token", []string{"glpat-"}, `\bglpat-([\w-]{20,})`},
	{"Slack token", []string{"xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-"}, `\bxox[abeoprs]-([A-Za-z0-9-]{10,})`},
	{"Slack hook", []string{"hooks.slack.com/"}, `\bhooks\.slack\.com/(?:services|workflows)/([\w/]+)`},
	{"Stripe key", []string{"k_live_"}, `\b[rs]k_live_([A-Za-z0-9]{10,})`},
	{"Google key", []string{"AIza"}, `\bAIza([\w-]{35})`},
	{"model key", []string{"sk-ant-", "sk-proj-"}, `\bsk-(?:ant|proj)-([\w-]{16,})`},
	{"Hugging Face token", []string{"hf_"}, `\bhf_([A-Za-z0-9]{30,})`},
	{"npm token", []string{"npm_"}, `\bnpm_([A-Za-z0-9]{36})`},
	{"PyPI token", []string{"pypi-"}, `\bpypi-([\w-]{50,})`},
	{"DigitalOcean token", []string{"dop_v1_", "doo_v1_"}, `\bdo[op]_v1_([0-9a-f]{32,})`},
	{"Vault token", []string{"hvs."}, `\bhvs\.([\w-]{20,})`},
	{"age key", []string{"AGE-SECRET-KEY-"}, `\bAGE-SECRET-KEY-([0-9A-Z]{20,})`},
	{"web token", []string{"eyJ"}, `\beyJ[\w-]{8,}\.([\w-]{8,}(?:\.[\w-]*)*)`},
	{"private key", []string{"PRIVATE KEY-----"}, `-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]+)`},
	{"mysql", []string{"mysql", "mariadb"}, option(`(?i:mysql|mariadb)[\w-]*`, `-p`, attached, ``)},
	{"sshpass", []string{"sshpass"}, option(`sshpass`, `-p`, either, ``)},
	{"curl", []string{"curl"}, option(`curl`, `-[uU]|--user|--proxy-user`, either, beforeColon)},
	{"curl's cookie", []string{"curl"}, option(`curl`, `-b|--cookie`, either, beforeEqual)},
	{"redis-cli", []string{"redis-cli"}, option(`redis-cli`, `-a`, apart, ``)},
	{"registry login", []string{"login"}, option(`(?:az|buildah|crane|docker|helm|nerdctl|oc|podman|registry|skopeo)[\s\x00](?:[^|;&\n]*?[\s\x00])?login`, `-p`, either, ``)},
	{"smbclient", []string{"smbclient"}, option(`smbclient`, `-U`, either, beforePercent)},
	{"ldap", []string{"ldap"}, option(`ldap(?:add|compare|delete|modify|modrdn|passwd|search|whoami)`, `-w`, either, ``)},
	{"sqlcmd", []string{"sqlcmd"}, option(`sqlcmd`, `-P`, either, ``)},
	{"zip", []string{"zip"}, option(`(?:un)?zip`, `-P`, either, ``)},
	{"ssh-keygen", []string{"ssh-keygen"}, option(`ssh-keygen`, `-[NP]`, either, ``)},
	{"kubectl", []string{"--from-literal"}, option(`kubectl|oc`, `--from-literal`, either, beforeEqual)},
	{"openssl", []string{"pass:"}, `\bpass:([^\s\x00"']+)`},
}
