// Controls that a page has put where nobody can get at them: beside the window, with nothing that scrolls there.
import type { Page } from "playwright-core";

/** Each as its name and where it begins and ends, in pixels from the left. Expected to be empty at every width. */
export function findOutOfReach(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const controls = "a[href], button, input, select, textarea, summary, [role=tab], [role=menuitem]";
    // What is as tall as the page scrolls downwards; sideways it is not meant to.
    const scrolls = (element: Element): boolean => {
      for (let parent = element.parentElement; parent; parent = parent.parentElement) {
        const { scrollWidth, clientWidth, clientHeight } = parent;
        const isMeantTo = scrollWidth > clientWidth && clientHeight < innerHeight / 2;
        if (isMeantTo && /auto|scroll/.test(getComputedStyle(parent).overflowX)) return true;
      }
      return false;
    };
    return [...document.querySelectorAll<HTMLElement>(controls)].flatMap((control) => {
      const { left, right, width } = control.getBoundingClientRect();
      // What only screen readers have is a pixel wide.
      if (width <= 1 || (left >= -1 && right <= innerWidth + 1)) return [];
      if (!control.checkVisibility({ visibilityProperty: true }) || scrolls(control)) return [];
      const name = control.getAttribute("aria-label") ?? control.textContent ?? "";
      return [
        `${control.tagName.toLowerCase()} "${name.slice(0, 60)}" from ${Math.round(left)} to ${Math.round(right)} of ${innerWidth}`,
      ];
    });
  });
}
