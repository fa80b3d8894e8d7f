const isNumber = (field) => field.matches('input[type="number"]');
const takesDecimals = (field) => !Number.isInteger(Number(field.step));

// A comma that is typed or pasted into a field of decimals is the point before them.
document.addEventListener("beforeinput", (event) => {
  if (!event.data?.includes(",") || !isNumber(event.target) || !takesDecimals(event.target)) return;
  event.preventDefault();
  document.execCommand("insertText", false, event.data.replaceAll(",", ".")); // as if typed, to be undone too
}, true);

// Of 1.5 or 1e6 Streamlit's fields of whole numbers take the digits before the point or the e, once they are left.
// The browser says so beside the field before.
document.addEventListener("input", ({ target }) => {
  if (!isNumber(target) || takesDecimals(target)) return;
  const [whole, digits] = target.value.match(/^-?(\d*)/);
  const taken = digits ? `only ${whole}` : "nothing";
  const isWhole = whole === target.value;
  target.setCustomValidity(isWhole ? "" : `A whole number, please: of ${target.value} ${taken} is taken.`);
  if (!isWhole) target.reportValidity();
});
document.addEventListener("invalid", (event) => {
  if (isNumber(event.target)) event.stopPropagation(); // Streamlit would keep it unsaid
}, true);
document.addEventListener("focusout", ({ target }) => {
  if (isNumber(target)) target.setCustomValidity("");
}, true);

export default function () {}
