/** Longer texts are cut. */
const MAX_LENGTH = 1_000;

/** `password=`, `"api_key": "`, `sslpassword: `. The spans are bounded, or a long text would take long. */
const SECRET =
  /((?:pass|pwd|secret|token|api_?key|credential)\w{0,20}["']?\s{0,4}[=:]\s{0,4}["']?)[^&;\s"']+/gi;

/**
 * Text for others to read, such as an error's message, without the passwords of URLs in it. Everything from the first
 * user's password to the last `@` goes, as nobody knows where a password with unescaped characters ends. Takes time in
 * proportion to the text, whoever wrote it.
 */
export function maskText(text: string): string {
  const end = text.lastIndexOf('@') + 1;
  const beforeEnd = text.slice(0, end).replace(/:\/\/([^:/?#\s]*):.*@/s, '://$1:***@');
  const masked = (beforeEnd + text.slice(end)).replace(SECRET, '$1***');
  return masked.length > MAX_LENGTH ? `${masked.slice(0, MAX_LENGTH)}…` : masked;
}
