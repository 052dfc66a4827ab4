/** Line icons on a 24-unit grid. They are decoration: the text beside them says the same. */
const paths = {
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M7 7l10 10M17 7L7 17",
  skip: "M6 6l7 6-7 6M17 6v12",
  chevron: "M9 6l6 6-6 6",
  plus: "M12 5v14M5 12h14",
  alert: "M12 8v5M12 16.5h.01M10.3 4.2L2.9 17a2 2 0 001.7 3h14.8a2 2 0 001.7-3L13.7 4.2a2 2 0 00-3.4 0z",
  search: "M10.5 17a6.5 6.5 0 100-13 6.5 6.5 0 000 13zM20 20l-4.8-4.8",
  users: "M12 11a4 4 0 100-8 4 4 0 000 8zM4 21c0-4 3.6-6.5 8-6.5s8 2.5 8 6.5",
  clock: "M12 21a9 9 0 100-18 9 9 0 000 18zM12 7.5V12l3 2",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  unplugged: "M4 4l16 16M8.5 8.6A9 9 0 005 11M19 11a10 10 0 00-6-2.9M9 14.5a5 5 0 016 0M12 19h.01",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
