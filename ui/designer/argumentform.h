#pragma once

#include "core/arguments/setgroups.h"
#include "ui/designer/formpage.h"

namespace studio {

/// The one form builder: a page of arguments made from metadata alone.
class ArgumentForm : public FormPage
{
    Q_OBJECT

public:
    ArgumentForm(ExperimentDocument* document, const ArgumentPage& page, QWidget* parent = nullptr);

    bool owns(const QString& key) const override;
    void refresh(const QString& key) override;

protected:
    void build() override;
    bool isAdvanced(const FormRow* row) const override;

private:
    void refreshRemarks();
    /// Keys of the chosen schedule or optimizer, data sets and columns: what tables offer.
    void offerNames(FormRow* row);
    void resetGroup();
    void backToSaved();

    const ArgumentPage& m_page;
    QToolButton* m_back = nullptr;
};

/// Label of the page of a set_* method: "set_optimizer" → "Optimizer".
QString pageLabel(std::string_view id);

} // namespace studio
