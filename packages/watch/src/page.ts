/** The page at the worker's address: what it says of itself, and where the rest is. */
export const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Millrace</title>
<style>:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif } body { margin: 2rem }</style>
<h1>Millrace</h1>
<p id="sentence" role="status">…</p>
<p><a href="/state">state</a> · <a href="/history">history</a> · <a href="/group">group</a> · <a href="/metrics">metrics</a></p>
<script>
  new EventSource('/events').addEventListener('state', ({ data }) => {
    document.getElementById('sentence').textContent = JSON.parse(data).sentence
  })
</script>
`
