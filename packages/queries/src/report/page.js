// Runs in the report: sorts and filters the tables that are there. Without it they are all there too.
for (const answer of document.querySelectorAll('[data-answer]')) {
  const [tools, input, output] = ['.tools', 'input', 'output'].map((selector) => answer.querySelector(selector))
  const body = answer.querySelector('tbody')
  const rows = [...body.rows]
  const texts = rows.map((row) => row.textContent.toLowerCase())
  const said = output.textContent

  input.addEventListener('input', () => {
    const wanted = input.value.trim().toLowerCase()
    let shown = 0
    rows.forEach((row, i) => {
      row.hidden = !texts[i].includes(wanted)
      if (!row.hidden) shown++
    })
    output.textContent = wanted === '' ? said : `${shown} of ${said}`
  })
  tools.hidden = false

  const headings = [...answer.querySelectorAll('th')]
  headings.forEach((heading, column) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.append(...heading.childNodes)
    heading.append(button)
    button.addEventListener('click', () => {
      const next = { ascending: 'descending', descending: null }
      const was = heading.getAttribute('aria-sort')
      const order = was in next ? next[was] : 'ascending'
      for (const other of headings) other.removeAttribute('aria-sort')
      if (order) heading.setAttribute('aria-sort', order)
      body.append(...sorted(rows, column, order))
    })
  })
}

/** Numbers by value, texts as people sort them, what is missing last; without an order as they came. */
function sorted(rows, column, order) {
  if (!order) return rows
  const sign = order === 'ascending' ? 1 : -1
  const keyed = rows.map((row) => {
    const cell = row.cells[column]
    const isNumber = cell.classList.contains('number')
    return { row, missing: cell.classList.contains('missing'), key: isNumber ? numberOf(cell) : cell.textContent }
  })
  keyed.sort((a, b) => a.missing - b.missing || sign * compare(a.key, b.key))
  return keyed.map(({ row }) => row)
}

function numberOf(cell) {
  return Number(cell.textContent.replaceAll(',', ''))
}

function compare(a, b) {
  return typeof a === 'number' ? a - b : a.localeCompare(b, 'en', { numeric: true })
}
