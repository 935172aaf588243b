// Brings a piece of text into view, also inside of elements that scroll by themselves.

export function scrollToRange(range: Range, region: Element): void {
  for (let element = range.startContainer.parentElement; element; element = element.parentElement) {
    if (element.scrollHeight > element.clientHeight && /auto|scroll/.test(getComputedStyle(element).overflowY)) {
      const place = range.getBoundingClientRect();
      const box = element.getBoundingClientRect();
      const hidden = place.top < box.top || place.bottom > box.bottom;
      if (hidden) element.scrollTop += place.top - box.top - element.clientHeight / 2;
    }
    if (element === region) return;
  }
}
