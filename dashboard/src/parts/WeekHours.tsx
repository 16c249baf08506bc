import { Checkbox, RangeSlider, Text } from "@mantine/core";
import { type Hours, spoken } from "../words/schedule.ts";
import { clock, WEEK, WEEKDAYS } from "../words/time.ts";
import style from "./WeekHours.module.css";

const STEP = 15;
const MARKS = [0, 360, 720, 1_080, 1_440].map((value) => ({ value, label: clock(value) }));

/** The sending hours of a week: each day a bar whose ends are drawn by mouse or moved by keys. */
export function WeekHours({ hours, onChange }: { hours: Hours; onChange: (hours: Hours) => void }) {
  function set(day: number, open: { start: number; end: number } | null): void {
    const next = { ...hours };
    if (open) next[day] = open;
    else delete next[day];
    onChange(next);
  }
  return (
    <div className={style.week}>
      {WEEK.map((day) => {
        const open = hours[day];
        const name = WEEKDAYS[day];
        return (
          <div key={day} className={style.day}>
            <Checkbox
              label={name}
              checked={Boolean(open)}
              onChange={(event) => set(day, event.currentTarget.checked ? { start: 540, end: 1_020 } : null)}
            />
            {open ? (
              <RangeSlider
                className={style.bar}
                min={0}
                max={1_440}
                step={STEP}
                minRange={STEP}
                value={[open.start, open.end]}
                onChange={([start, end]) => set(day, { start, end })}
                label={clock}
                marks={MARKS.map(({ value }) => ({ value }))}
                thumbFromLabel={`${name} from`}
                thumbToLabel={`${name} until`}
                size="lg"
                color="petrol"
              />
            ) : (
              <div className={style.closed} />
            )}
            <Text size="sm" c={open ? undefined : "dimmed"} className="figures">
              {open ? spoken(open) : "nothing is sent"}
            </Text>
          </div>
        );
      })}
      <div className={style.scale} aria-hidden="true">
        {MARKS.map((mark) => (
          <span key={mark.value}>{mark.label}</span>
        ))}
      </div>
    </div>
  );
}
