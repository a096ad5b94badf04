/**
 * Pictures made on the server: a line with its band, dots with their intervals, bars. Each is a figure with a
 * title, a sentence that says what it shows, and its numbers as a table, so that nobody needs to see it.
 */
import type { Child } from 'hono/jsx'

/** One place of a picture. null: not known there; an infinite end of an interval reaches the edge. */
export type ChartPoint = { label: string; value: number | null; low?: number | null; high?: number | null }

type ChartProps = {
  /** Unique on its page. */
  id: string
  title: string
  /** What one sees, in a sentence or two. */
  says: string
  points: ChartPoint[]
  /** A number as it is written, with its unit. */
  format(value: number): string
  /** A value to compare with: drawn as a line. */
  reference?: { value: number; label: string }
  /** The least and the most that is drawn; what lies beyond is cut off at the edge. From 0, the scale starts there. */
  within?: [number, number]
  /** What the columns of the table are called. */
  columns?: { label: string; value: string; low?: string; high?: string }
}

const WIDTH = 440
const HEIGHT = 240
const LEFT = 66
const RIGHT = 10
const TOP = 12
const BOTTOM = 30
const ROW = 34

/** Round numbers from `low` to `high`, about five of them. */
export function ticksOf(low: number, high: number): number[] {
  const rough = (high - low) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.999)!
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

/** The least and the most of all that is drawn, with a little room; never the same. */
function rangeOf(
  { points, reference, within }: ChartProps,
  from = within?.[0] === 0 ? 0 : undefined,
): [number, number] {
  const known = points.flatMap(({ value, low, high }) => [value, low, high])
  const drawn = [...known, reference?.value, from].filter(
    (each): each is number => typeof each === 'number' && Number.isFinite(each),
  )
  let [low, high] = drawn.length === 0 ? [0, 1] : [Math.min(...drawn), Math.max(...drawn)]
  if (within) [low, high] = [Math.max(low, within[0]), Math.min(high, within[1])]
  if (high - low < 1e-9) [low, high] = [low - 0.5, high + 0.5]
  const room = (high - low) * 0.06
  return [from === low ? low : low - room, high + room]
}

const cut = (value: number, [low, high]: [number, number]) => Math.min(high, Math.max(low, value))
const r = (n: number) => Math.round(n * 10) / 10

/** A line over ordered points, with the band of its interval around it. */
export function LineWithBand(props: ChartProps) {
  const { points, format, reference } = props
  const range = rangeOf(props)
  const y = (value: number) =>
    r(TOP + ((range[1] - cut(value, range)) / (range[1] - range[0])) * (HEIGHT - TOP - BOTTOM))
  const x = (i: number) => r(LEFT + ((i + 0.5) / Math.max(1, points.length)) * (WIDTH - LEFT - RIGHT))
  const banded = points.flatMap(({ low, high }, i) =>
    typeof low === 'number' && typeof high === 'number' ? [{ i, low, high }] : [],
  )
  const outline = [
    ...banded.map(({ i, high }) => `${x(i)},${y(high)}`),
    ...banded.toReversed().map(({ i, low }) => `${x(i)},${y(low)}`),
  ]
  const line = points.flatMap(({ value }, i) => (value === null ? [] : [`${x(i)},${y(value)}`]))
  const every = Math.max(1, Math.ceil(points.length / 5))
  return (
    <Figure {...props}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img">
        <title>{`${props.title}. ${props.says}`}</title>
        <Levels range={range} y={y} format={format} />
        {outline.length > 2 && <polygon class="chart-band" points={outline.join(' ')} />}
        {banded.length === 1 && (
          <line
            class="chart-whisker"
            x1={x(banded[0]!.i)}
            x2={x(banded[0]!.i)}
            y1={y(banded[0]!.low)}
            y2={y(banded[0]!.high)}
          />
        )}
        {reference && (
          <line
            class="chart-reference"
            x1={LEFT}
            x2={WIDTH - RIGHT}
            y1={y(reference.value)}
            y2={y(reference.value)}
          />
        )}
        {line.length > 1 && <polyline class="chart-line" points={line.join(' ')} />}
        {line.slice(-1).map((last) => (
          <circle class="chart-dot" cx={last.split(',')[0]} cy={last.split(',')[1]} r="4.5" />
        ))}
        {points.map(({ label }, i) =>
          (points.length - 1 - i) % every === 0 ? (
            <text
              class="chart-text"
              x={x(i)}
              y={HEIGHT - 8}
              text-anchor={i === points.length - 1 && i > 0 ? 'end' : 'middle'}
            >
              {label}
            </text>
          ) : null,
        )}
      </svg>
    </Figure>
  )
}

/** A dot with its interval for each point, one below the other. */
export function DotsWithIntervals(props: ChartProps) {
  const { points, format, reference } = props
  const range = rangeOf(props)
  const height = TOP + points.length * ROW + BOTTOM
  const x = across(range)
  return (
    <Figure {...props}>
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img">
        <title>{`${props.title}. ${props.says}`}</title>
        <Uprights range={range} x={x} height={height} format={format} />
        {reference && (
          <line
            class="chart-reference"
            x1={x(reference.value)}
            x2={x(reference.value)}
            y1={TOP}
            y2={height - BOTTOM}
          />
        )}
        {points.map(({ label, value, low, high }, i) => {
          const middle = TOP + i * ROW + ROW - 9
          return (
            <>
              <text class="chart-text" x={10} y={middle - 11}>
                {label}
              </text>
              {typeof low === 'number' && typeof high === 'number' && (
                <line class="chart-whisker" x1={x(low)} x2={x(high)} y1={middle} y2={middle} />
              )}
              {value !== null && <circle class="chart-dot" cx={x(value)} cy={middle} r="4.5" />}
            </>
          )
        })}
      </svg>
    </Figure>
  )
}

/** A bar from zero for each point, one below the other. */
export function Bars(props: ChartProps) {
  const { points, format, reference } = props
  const range = rangeOf(props, 0)
  const height = TOP + points.length * ROW + BOTTOM
  const x = across(range)
  return (
    <Figure {...props}>
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img">
        <title>{`${props.title}. ${props.says}`}</title>
        <Uprights range={range} x={x} height={height} format={format} />
        {points.map(({ label, value }, i) => {
          const middle = TOP + i * ROW + ROW - 9
          const [from, to] = [x(Math.min(0, value ?? 0)), x(Math.max(0, value ?? 0))]
          return (
            <>
              <text class="chart-text" x={10} y={middle - 11}>
                {label}
              </text>
              {value !== null && (
                <rect
                  class="chart-bar"
                  x={from}
                  y={middle - 6}
                  width={Math.max(1, r(to - from))}
                  height="12"
                  rx="2"
                />
              )}
            </>
          )
        })}
        {reference && (
          <line
            class="chart-reference"
            x1={x(reference.value)}
            x2={x(reference.value)}
            y1={TOP}
            y2={height - BOTTOM}
          />
        )}
      </svg>
    </Figure>
  )
}

const across = (range: [number, number]) => (value: number) =>
  r(10 + ((cut(value, range) - range[0]) / (range[1] - range[0])) * (WIDTH - 20))

/** Level lines with what they stand for, at the left. */
function Levels({
  range,
  y,
  format,
}: {
  range: [number, number]
  y(v: number): number
  format(v: number): string
}) {
  return (
    <>
      {ticksOf(...range).map((tick) => (
        <>
          <line class="chart-level" x1={LEFT} x2={WIDTH - RIGHT} y1={y(tick)} y2={y(tick)} />
          <text class="chart-text" x={LEFT - 8} y={y(tick) + 4} text-anchor="end">
            {format(tick)}
          </text>
        </>
      ))}
    </>
  )
}

/** Upright lines with what they stand for, below. */
function Uprights(props: {
  range: [number, number]
  x(v: number): number
  height: number
  format(v: number): string
}) {
  const { range, x, height, format } = props
  return (
    <>
      {ticksOf(...range).map((tick) => (
        <>
          <line class="chart-level" x1={x(tick)} x2={x(tick)} y1={TOP} y2={height - BOTTOM} />
          <text
            class="chart-text"
            x={x(tick)}
            y={height - 8}
            text-anchor={x(tick) < 36 ? 'start' : x(tick) > WIDTH - 36 ? 'end' : 'middle'}
          >
            {format(tick)}
          </text>
        </>
      ))}
    </>
  )
}

function Figure({
  id,
  title,
  says,
  points,
  format,
  reference,
  columns,
  children,
}: ChartProps & { children?: Child }) {
  const intervals = points.some(({ low, high }) => typeof low === 'number' || typeof high === 'number')
  const written = (value: number | null | undefined) =>
    typeof value !== 'number' ? '–' : Number.isFinite(value) ? format(value) : 'no limit'
  const { label, value, low, high } = {
    low: 'At least',
    high: 'At most',
    ...(columns ?? { label: '', value: 'Value' }),
  }
  return (
    <figure class="chart">
      <figcaption>
        <strong id={`${id}-title`}>{title}</strong>
        <span class="quiet" id={`${id}-says`}>
          {says}
          {reference && ` The dashed line: ${reference.label}.`}
        </span>
      </figcaption>
      {children}
      <details>
        <summary>The numbers</summary>
        <table class="chart-table">
          <thead>
            <tr>
              <th scope="col">{label || 'Which'}</th>
              <th scope="col">{value}</th>
              {intervals && <th scope="col">{low}</th>}
              {intervals && <th scope="col">{high}</th>}
            </tr>
          </thead>
          <tbody>
            {points.map((point) => (
              <tr>
                <th scope="row">{point.label}</th>
                <td>{written(point.value)}</td>
                {intervals && <td>{written(point.low)}</td>}
                {intervals && <td>{written(point.high)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  )
}
