// Put before the scripts of components that keep their nodes from one tick to the next.
const make = (tag, parent, name = "") => {
  const node = document.createElement(tag);
  node.className = name;
  parent.append(node);
  return node;
};

const fill = (parent, count, build) => {
  while (parent.children.length > count) parent.lastChild.remove();
  while (parent.children.length < count) build(parent);
};

const write = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};
