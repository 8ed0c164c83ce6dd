/**
 * Where everything goes, as a pure function of the size of the terminal:
 *
 *     title bar
 *     explorer │ main: the matrix, or an open attack
 *              │ details of the selected cell
 *     status bar
 */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Box extends Size {
  readonly left: number;
  readonly top: number;
}

export const regions = ["title", "explorer", "main", "details", "status"] as const;
export type Region = (typeof regions)[number];
export type Layout = { readonly [R in Region]?: Box };

export const smallest: Size = { width: 40, height: 10 };
const explorerFrom = 100;
const detailsFrom = 17;

const clamp = (n: number, low: number, high: number): number => Math.min(high, Math.max(low, n));

/**
 * The boxes tile the screen: no gap, no overlap. On a terminal too small for anything useful
 * there is only `main`, which then says so.
 * @param open whether an attack is open; it takes the room of the details as well.
 */
export function layout({ width, height }: Size, open: boolean): Layout {
  if (width < smallest.width || height < smallest.height) {
    return { main: { left: 0, top: 0, width: Math.max(0, width), height: Math.max(0, height) } };
  }
  const explorerWidth = width < explorerFrom ? 0 : clamp(Math.floor(width / 5), 26, 36);
  const body = height - 2;
  const detailsHeight = open || height < detailsFrom ? 0 : clamp(Math.floor(body * 0.35), 6, 13);
  const right = { left: explorerWidth, width: width - explorerWidth };
  const boxes: { [R in Region]?: Box } = {
    title: { left: 0, top: 0, width, height: 1 },
    main: { ...right, top: 1, height: body - detailsHeight },
    status: { left: 0, top: height - 1, width, height: 1 },
  };
  if (explorerWidth > 0) {
    boxes.explorer = { left: 0, top: 1, width: explorerWidth, height: body };
  }
  if (detailsHeight > 0) {
    boxes.details = { ...right, top: height - 1 - detailsHeight, height: detailsHeight };
  }
  return boxes;
}

/** A stretch of a list that is longer than the room for it. */
export interface Window {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** What to show of `count` things, with the selected one as near to the middle as possible. */
export function windowAround(selected: number, count: number, room: number): Window {
  const shown = Math.max(0, Math.min(count, room));
  const from = clamp(selected - Math.floor(shown / 2), 0, count - shown);
  return { from, to: from + shown };
}
