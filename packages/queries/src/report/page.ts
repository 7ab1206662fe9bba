import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Answer } from '../answers.ts'
import { type View, wholeSql } from '../questions.ts'
import type { RunResults } from '../results.ts'
import type { RunRecord } from '../runs.ts'
import { chartHtml } from './chart.ts'
import { type Html, html } from './html.ts'
import { qualityHtml } from './quality.ts'
import { answerTable, tableHtml } from './table.ts'
import { counted, timeText } from './words.ts'

/** Renders the report of a run as one self-contained page that may run only its own script. */
export async function renderReport(results: RunResults): Promise<string> {
  const [style, script] = await Promise.all([
    readFile(new URL('page.css', import.meta.url), 'utf8'),
    readFile(new URL('page.js', import.meta.url), 'utf8'),
  ])
  const { run, answers, views, quality } = results
  const policy = `default-src 'none'; style-src '${hashOf(style)}'; script-src '${hashOf(script)}'; img-src data:; base-uri 'none'; form-action 'none'`
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${{ markup: policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Report of ${run.date} – Millrace</title>
<link rel="icon" href="data:,">
<style>${{ markup: style }}</style>
</head>
<body>
<a class="skip" href="#answers">Skip to the answers</a>
<header><h1>Report of ${run.date}</h1>
<p>${summaryOf(run, answers)}</p></header>
<nav aria-label="Questions"><ol>${answers.map(({ question: { id, title } }) => html`<li><a href="#${id}">${title}</a></li>`)}</ol></nav>
<main id="answers" tabindex="-1">
${answers.map((answer) => answerHtml(answer, views))}
${qualityHtml(quality)}
${originHtml(run)}
</main>
<script>${{ markup: script }}</script>
</body>
</html>
`
  return page.markup
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

function summaryOf({ tables, finished }: RunRecord, answers: readonly Answer[]): string {
  const records = tables.reduce((sum, table) => sum + table.records, 0)
  return `${counted(answers.length, 'answer')} over all that was cleaned by ${timeText(finished)}; ${counted(records, 'record')} came with this run.`
}

function answerHtml(answer: Answer, views: readonly View[]): Html {
  const { question } = answer
  return html`<section aria-labelledby="${question.id}"><h2 id="${question.id}">${question.title}</h2>
<div class="chart-and-table">${chartHtml(answer)}
${answerTable(answer)}</div>
<details><summary>SQL of this answer</summary><pre tabindex="0"><code>${wholeSql(question, views)}</code></pre></details>
</section>
`
}

function originHtml({ date, attempt, started, finished, source, versions, steps }: RunRecord): Html {
  const fact = (name: string, value: string | number) => html`<div><dt>${name}</dt><dd><bdi>${value}</bdi></dd></div>`
  const [name, version] = [
    { name: 'table', isNumber: false },
    { name: 'version', isNumber: true },
  ]
  const step = [
    { name: 'step', isNumber: false },
    { name: 'seconds', isNumber: true },
  ]
  return html`<section aria-labelledby="origin"><h2 id="origin">Where this comes from</h2>
<dl>${fact('Run', `${date}, attempt ${attempt}`)}${fact('Begun', timeText(started))}${fact('Finished', timeText(finished))}${fact('Records from', source)}</dl>
<div class="side-by-side">
${tableHtml('Tables, as they were read', [name, version], Object.entries(versions))}
${tableHtml(
  'Steps',
  step,
  steps.map(({ step, seconds }) => [step, seconds]),
)}
</div></section>`
}
