// Whether the worker (or, with MILLRACE_HEALTH_PORT=8082, the gateway) in this container is well.
const { ok } = await fetch(`http://127.0.0.1:${process.env.MILLRACE_HEALTH_PORT ?? 4680}/healthz`)
process.exit(ok ? 0 : 1)
