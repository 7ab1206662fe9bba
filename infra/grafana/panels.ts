import type { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { DataqueryBuilder as Query } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries'

/** Each line of a panel: what it is called, and its PromQL. */
export type Lines = Readonly<Record<string, string>>

interface Shape {
  readonly title: string
  /** What the panel shows, for somebody who sees it for the first time. */
  readonly about: string
  /** As Grafana names it. */
  readonly unit: string
  readonly lines: Lines
}

const HEIGHT = 8

export function chart({ title, about, unit, lines }: Shape, span: number): TimeSeries {
  const panel = new TimeSeries().title(title).description(about).unit(unit).min(0).span(span).height(HEIGHT)
  return panel.datasource(PROMETHEUS).targets(queries(lines))
}

export function figure({ title, about, unit, lines }: Shape, span: number): Stat {
  const panel = new Stat()
    .title(title)
    .description(about)
    .unit(unit)
    .span(span)
    .height(HEIGHT / 2)
  return panel.datasource(PROMETHEUS).targets(queries(lines))
}

/** Chosen at the top of the dashboard. */
const PROMETHEUS = { type: 'prometheus', uid: '$' + '{datasource}' }

function queries(lines: Lines): DataqueryBuilder[] {
  return Object.entries(lines).map(([legend, expression], i) =>
    new Query()
      .refId(String.fromCharCode(65 + i))
      .expr(expression)
      .legendFormat(legend),
  )
}
