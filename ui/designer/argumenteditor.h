#pragma once

#include "core/arguments/argumentfields.h"

#include <QString>

class QWidget;

namespace studio {

class FieldEditor;

/// The editor that fits an argument: the one place that turns metadata into a widget.
FieldEditor* makeArgumentEditor(const Field& field, QWidget* parent);

/// A value as people read it: "5e-05", "on", "not set", "a, b".
QString readable(const Json& value);

QString toQString(std::string_view text);

} // namespace studio
