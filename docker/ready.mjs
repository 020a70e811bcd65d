// Health check of a container: is its daemon ready for work? The answer says why not.

const answer = await fetch(`http://127.0.0.1:${process.env.OS_OBSERVABILITY__PORT}/readyz`, {
  signal: AbortSignal.timeout(4000),
});
console.log(await answer.text());
if (!answer.ok) process.exitCode = 1;
