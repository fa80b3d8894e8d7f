// A comma that is typed or pasted into a field of decimals is the point before them.
const takesDecimals = (field) => field.matches('input[type="number"]') && !Number.isInteger(Number(field.step));

document.addEventListener("beforeinput", (event) => {
  if (!event.data?.includes(",") || !takesDecimals(event.target)) return;
  event.preventDefault();
  document.execCommand("insertText", false, event.data.replaceAll(",", ".")); // as if typed, to be undone too
}, true);

export default function () {}
