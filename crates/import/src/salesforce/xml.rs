//! The XML of metadata, by the names of its elements.

use roxmltree::Node;

pub(super) fn children<'a, 'x: 'a>(node: Node<'a, 'x>, name: &'static str) -> impl Iterator<Item = Node<'a, 'x>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

pub(super) fn child_text(node: Node, name: &'static str) -> String {
    children(node, name).next().and_then(|child| child.text()).map_or_else(String::new, |text| text.trim().to_owned())
}

pub(super) fn line(node: Node) -> u32 {
    node.document().text_pos_at(node.range().start).row
}
