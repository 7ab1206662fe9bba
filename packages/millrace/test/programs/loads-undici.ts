/** Imports the modules that are named and prints whether any of them has loaded undici, which `fetch` and WebSocket need. */
for (const name of process.argv.slice(2)) await import(name)
const { moduleLoadList } = process as unknown as { readonly moduleLoadList: readonly string[] }
process.stdout.write(String(moduleLoadList.some((name) => name.includes('undici/undici'))))
