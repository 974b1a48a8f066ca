/** Labels of the hour axis, few enough not to overlap on a phone. */
const time = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const dayAndTime = new Intl.DateTimeFormat('en', {
  weekday: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const day = new Intl.DateTimeFormat('en', { weekday: 'short' });

/** Above this number of hours the axis has one label per day. */
const hoursWithTimes = 30;
const hoursPerLabel = 4;

export interface HourAxis {
  /** The hours that are labelled, by their times. */
  readonly ticks: readonly string[];
  /** Text below the axis. */
  readonly label: (at: string) => string;
  /** Text of the tooltip. */
  readonly fullLabel: (at: string) => string;
}

export function hourAxis(hours: readonly string[]): HourAxis {
  const isLong = hours.length > hoursWithTimes;
  const step = isLong ? 24 : hoursPerLabel;
  return {
    ticks: hours.filter((at) => new Date(at).getHours() % step === 0),
    label: (at) => (isLong ? day : time).format(Date.parse(at)),
    fullLabel: (at) => (isLong ? dayAndTime : time).format(Date.parse(at)),
  };
}
